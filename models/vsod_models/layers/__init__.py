"""Building blocks shared by the networks."""

__all__: list[str] = []

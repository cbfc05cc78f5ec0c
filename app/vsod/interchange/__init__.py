"""Text for and from other programs (markers); no media."""

__all__: list[str] = []

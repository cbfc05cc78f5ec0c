"""Right of the map store: smooth, refine and compose; the network is never run here."""

__all__: list[str] = []

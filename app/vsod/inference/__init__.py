"""Model models, devices, backends, prediction, finishing and the map store."""

__all__: list[str] = []

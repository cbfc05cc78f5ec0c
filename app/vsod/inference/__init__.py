"""Model specs, devices, backends and prediction."""

__all__: list[str] = []

"""The viewer: image, overlays, zoom and comparison."""

__all__: list[str] = []

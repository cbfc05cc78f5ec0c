"""The viewer: image, overlays, zoom and comparison."""

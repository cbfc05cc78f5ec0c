"""Single images: their headers, their samples, the layers of EXR, and the names of sequences."""

__all__: list[str] = []

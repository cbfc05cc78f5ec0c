"""Left of the map store: which frames are analysed, shot by shot, the second pass, and the frame metrics."""

__all__: list[str] = []

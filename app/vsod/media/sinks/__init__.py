"""Frames in, a file or an image folder out."""

__all__: list[str] = []

"""A file or an image folder in, frames with exact times out."""

__all__: list[str] = []

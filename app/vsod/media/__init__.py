"""Reading clips and writing mattes: the only package that touches FFmpeg."""

__all__: list[str] = []

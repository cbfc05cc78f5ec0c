"""Reading clips and writing mattes: the only package that touches FFmpeg."""

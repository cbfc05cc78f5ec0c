"""The table of export formats, what this machine can write, and what may be opened."""

__all__: list[str] = []

"""Decode what was written again and compare it with its source."""

__all__: list[str] = []

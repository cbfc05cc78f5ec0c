"""Slow calls of the pipeline, in threads."""

__all__: list[str] = []

"""Slow calls of the pipeline, in threads."""

"""Measure models on clips with masks: scores, tables and figures."""

__all__: list[str] = []

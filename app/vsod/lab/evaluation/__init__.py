"""Measure models on clips with masks: scores, tables and figures."""

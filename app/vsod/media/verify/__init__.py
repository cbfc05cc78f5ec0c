"""Decode what was written again and compare it with its source."""

"""Losses: ours and those of the papers."""

"""Losses: ours and those of the papers."""

__all__: list[str] = []

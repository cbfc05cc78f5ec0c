"""Train a network or the motion prior, and install what came of it."""

__all__: list[str] = []

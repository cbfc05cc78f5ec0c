"""The research commands: train, evaluate, labels."""

__all__: list[str] = []

"""Training: packed data, tensor augmentation, losses and the loop."""

__all__: list[str] = []

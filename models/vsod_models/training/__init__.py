"""Training: packed data, tensor augmentation, losses and the loop."""

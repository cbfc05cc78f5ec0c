"""What training reads: packed photos and videos, augmentation, synthetic motion."""

__all__: list[str] = []

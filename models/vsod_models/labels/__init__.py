"""Labels without a pencil: fusion of several models' maps, coarse labels, SCNN's weak labels. No torch."""

__all__: list[str] = []

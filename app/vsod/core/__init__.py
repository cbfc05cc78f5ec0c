"""Pure data and arithmetic: numpy and the standard library, nothing else."""

__all__: list[str] = []

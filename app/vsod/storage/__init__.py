"""Files that the program keeps or writes: what is ours, what is locked, what is whole, what is claimed."""

__all__: list[str] = []

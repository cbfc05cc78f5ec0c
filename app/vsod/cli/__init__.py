"""The command line: parse everything, then run. A leaf: nothing imports it."""

__all__: list[str] = []

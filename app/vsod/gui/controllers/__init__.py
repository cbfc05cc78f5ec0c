"""One controller per task of the window."""

__all__: list[str] = []

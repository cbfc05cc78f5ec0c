"""The state of the window without widgets: project and recovery files."""

__all__: list[str] = []

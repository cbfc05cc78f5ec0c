"""Jobs: what is to be done, done stage by stage. The window and the command line both stand on it."""

__all__: list[str] = []

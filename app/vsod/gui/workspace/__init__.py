"""The central widget, and the context that the controllers share."""

__all__: list[str] = []

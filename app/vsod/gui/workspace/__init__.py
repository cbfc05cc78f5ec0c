"""The central widget, and the context that the controllers share."""

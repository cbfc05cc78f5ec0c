"""Windows that open on demand."""

__all__: list[str] = []

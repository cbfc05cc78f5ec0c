"""The commands of users: one module per group."""

__all__: list[str] = []

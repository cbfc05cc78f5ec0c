"""Menus and shortcuts: every action is a row of one table."""

__all__: list[str] = []

"""Menus and shortcuts: every action is a row of one table."""

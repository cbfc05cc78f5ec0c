"""What is printed, and what Ctrl-C and other signals do."""

__all__: list[str] = []

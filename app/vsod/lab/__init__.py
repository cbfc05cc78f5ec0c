"""Research commands: training, evaluation and labels; nothing of the window needs them."""

__all__: list[str] = []

"""Research commands: training, evaluation and labels; nothing of the window needs them."""

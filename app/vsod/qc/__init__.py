"""Quality control without ground truth: frame metrics, the issues found in them, and their table."""

__all__: list[str] = []

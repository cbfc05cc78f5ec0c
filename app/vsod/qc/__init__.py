"""Quality control without ground truth: frame metrics, the issues found in them, and their table."""

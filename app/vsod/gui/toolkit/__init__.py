"""What every widget uses: theme, translation, preferences, and the interface to the pipeline."""

__all__: list[str] = []

"""What an editor decided, as files: projects and presets."""

__all__: list[str] = []

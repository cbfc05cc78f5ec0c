"""What an editor decided, as files: projects and presets."""

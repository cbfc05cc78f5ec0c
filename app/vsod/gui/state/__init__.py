"""The state of the window without widgets: project and recovery files."""

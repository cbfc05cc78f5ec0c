"""Where in the clip we are: scrubber, transport buttons, readouts."""

__all__: list[str] = []

"""Where in the clip we are: scrubber, transport buttons, readouts."""

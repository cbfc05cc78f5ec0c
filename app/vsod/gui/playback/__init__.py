"""The playhead, the threads that read frames and audio, and the rendering of a frame."""

__all__: list[str] = []

"""The window. The only importer of PyQt6; talks to ``vsod.pipeline.clip_session`` alone."""

__all__: list[str] = []

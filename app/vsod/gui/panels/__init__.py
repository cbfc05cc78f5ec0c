"""What stands beside the picture: analysis, matte settings, clip facts, the error banner."""

__all__: list[str] = []

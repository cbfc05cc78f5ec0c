"""Training labels from folders of saliency maps."""

__all__: list[str] = []

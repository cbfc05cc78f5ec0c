"""Training labels from folders of saliency maps."""

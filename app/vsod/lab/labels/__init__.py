"""Training labels from folders of saliency maps."""

__all__ = ["RECORD"]

RECORD = "erased.json"
"""In a folder of labels: what a person erased from them, see :mod:`vsod.lab.labels.erased_labels`."""

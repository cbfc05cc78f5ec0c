"""vsod-desktop: video salient object detection and mattes for editors."""

__version__ = "0.1.0"

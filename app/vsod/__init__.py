"""vsod-desktop: video salient object detection and mattes for editors."""

import os

from vsod.core.size_limits import MAX_PIXELS

__version__ = "0.1.0"

# OpenCV reads these once, when it is loaded; its own lines on stderr would say twice what we say once
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(MAX_PIXELS)
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

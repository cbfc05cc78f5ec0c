"""Pictures kept small in memory, for looking at while the real ones are on their way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_QUALITY = 85


def encode_preview(rgb: npt.NDArray[np.uint8]) -> bytes:
    """An (H, W, 3) picture as JPEG: about 25 kB at 640 x 360."""
    import cv2  # not before a picture is there: the window is on screen first

    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return data.tobytes()


def decode_preview(data: bytes) -> npt.NDArray[np.uint8]:
    """What :func:`encode_preview` was given, a level or two off."""
    import cv2

    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("no picture")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)

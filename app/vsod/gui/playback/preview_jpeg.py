"""Pictures kept small in memory, for looking at while the real ones are on their way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_QUALITY = 85
_LENGTH = 4  # bytes before the picture: how long it is; behind it may stand an alpha channel


def encode_preview(
    rgb: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | None = None
) -> bytes:
    """An (H, W, 3) picture, and what it has of an alpha channel, as JPEG: about 25 kB at 640 x 360."""
    import cv2  # not before a picture is there: the window is on screen first

    from vsod.core.compositing import to_8bit

    options = (cv2.IMWRITE_JPEG_QUALITY, _QUALITY)
    data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)[1].tobytes()
    behind = b"" if alpha is None else cv2.imencode(".jpg", to_8bit(alpha), options)[1].tobytes()
    return len(data).to_bytes(_LENGTH, "little") + data + behind


def decode_preview(data: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8] | None]:
    """What :func:`encode_preview` was given, a level or two off: picture and alpha channel."""
    import cv2

    end = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    stored = np.frombuffer(data[_LENGTH:end], np.uint8)
    picture = cv2.imdecode(stored, cv2.IMREAD_COLOR) if len(stored) else None
    if picture is None:
        raise ValueError("no picture")
    behind = np.frombuffer(data[end:], np.uint8)
    alpha = cv2.imdecode(behind, cv2.IMREAD_GRAYSCALE) if len(behind) else None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), alpha  # type: ignore[return-value]

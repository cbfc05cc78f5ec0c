"""Put the subject of a clip on a plain background, frame by frame, as PNG files.

    $ python examples/composite_frames.py CLIP.mp4 FOLDER [MODEL]

Shows how to read pictures and mattes as arrays: (H, W, 3) uint8 and (H, W) float32, 1 = subject.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from vsod import ClipSettings, MatteSettings, open_clip

BACKGROUND = (0.1, 0.5, 0.3)  # RGB in 0..1


def main(source: str, folder: str, model: str = "swift", count: int = 10) -> None:
    """Composite the first ``count`` frames."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with open_clip(source) as clip:
        stop = min(count, clip.info.frame_count)
        clip.analyse(ClipSettings(model=model, stop=stop))
        for index in range(stop):
            frame = clip.frame(index)
            picture = frame.image
            alpha = clip.matte(model, index, picture, MatteSettings(), alpha=frame.alpha)
            assert alpha is not None  # analysed above
            over = picture * alpha[..., None] + 255 * np.array(BACKGROUND) * (1 - alpha[..., None])
            cv2.imwrite(str(out / f"{index:04}.png"), cv2.cvtColor(over.astype(np.uint8), cv2.COLOR_RGB2BGR))
    print(f"{stop} frames in {out}")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The library without the application: flow, a network and its saliency map, from two images.

    $ python examples/run_network.py FIRST.png SECOND.png MAP.png

Needs torch, numpy and OpenCV alone.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from vsod_models import create_network
from vsod_models.flow.dis import DIS
from vsod_models.flow.motion_encoding import encode_motion
from vsod_models.weights import load_weights

WEIGHTS = Path(__file__).resolve().parents[1] / "models" / "weights" / "swift.safetensors"
HEIGHT, WIDTH = 224, 384  # multiples of 32


def read(file: str) -> np.ndarray:
    """An image at the network's size, (HEIGHT, WIDTH, 3) uint8 RGB."""
    image = cv2.imread(file, cv2.IMREAD_COLOR)
    if image is None:
        sys.exit(f"{file} cannot be read")
    return cv2.cvtColor(cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def main(first: str, second: str, output: str) -> None:
    """Write the saliency map of ``first``, whose motion is that to ``second``."""
    a, b = read(first), read(second)
    motion = encode_motion(DIS()(a, b), HEIGHT, WIDTH)  # (6, HEIGHT/2, WIDTH/2)
    network = create_network("swift").eval()
    network.load_state_dict(load_weights(WEIGHTS), strict=False)
    image = torch.from_numpy(a).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        saliency = torch.sigmoid(network(image, torch.from_numpy(motion)[None]))[0, 0]
    cv2.imwrite(output, (saliency.numpy() * 255).round().astype(np.uint8))
    print(f"{output}: {float((saliency > 0.5).float().mean()):.1%} of the picture is subject")


if __name__ == "__main__":
    main(*sys.argv[1:])

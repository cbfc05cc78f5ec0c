"""The maps of every built-in model, as they were when ``MAPS_VERSION`` was raised last.

A change of code that makes other maps must raise it, or maps of before are taken for those of now. Write the file anew:
``python tests/pipeline/test_golden_maps.py``
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vsod.core.frame import Frame
from vsod.inference.model_registry import require_model
from vsod.inference.model_signature import MAPS_VERSION
from vsod.inference.predictor import Predictor

FILE = Path(__file__).parents[1] / "data" / "golden_maps.npz"
MODELS = ("swift", "studio", "scnn", "msst", "stan", "pdb", "dsnet")
SIZE = (16, 9)
SAME = 0.02  # processors differ in the third digit, other code in the first


def pictures() -> list[Frame]:
    """Three frames of a ball that moves before a ground that does not."""
    rng = np.random.default_rng(7)
    ground = cv2.resize(
        rng.integers(40, 160, (6, 10, 3)).astype(np.uint8), (320, 180), interpolation=cv2.INTER_CUBIC
    )
    frames = []
    for index in range(3):
        picture = ground.copy()
        cv2.circle(picture, (120 + 6 * index, 90), 36, (220, 90, 40), -1, cv2.LINE_AA)
        frames.append(Frame(index, index, picture))
    return frames


def maps(model: str) -> np.ndarray:
    """(3, 9, 16) uint8 of the card's maps by torch in float32."""
    predictor = Predictor(require_model(model), (320, 180), "cpu", "torch")
    width, height = predictor.raster.size
    frames = [
        Frame(f.index, f.pts, cv2.resize(f.image, (width, height), interpolation=cv2.INTER_AREA))
        for f in pictures()
    ]
    found = [cv2.resize(saliency, SIZE, interpolation=cv2.INTER_AREA) for _, saliency in predictor(frames)]
    return np.rint(np.stack(found) * 255).astype(np.uint8)


@pytest.mark.parametrize("model", MODELS)
def test_other_maps_are_another_version(model):
    with np.load(FILE) as golden:
        assert int(golden["version"]) == MAPS_VERSION, "write the file anew, see above"
        expected = golden[model].astype(np.float32)
    assert expected.std() > 5  # something is seen
    off = np.abs(maps(model) - expected).mean() / 255
    assert off < SAME, "the maps changed: raise vsod.inference.model_signature.MAPS_VERSION, then see above"


if __name__ == "__main__":
    np.savez_compressed(FILE, version=MAPS_VERSION, **{model: maps(model) for model in MODELS})
    print(FILE)

"""The scripts in examples/ run as they are, and give what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers.contrast_model import ball, write_avi
from vsod import paths

EXAMPLES = Path(__file__).parents[1] / "examples"
COUNT = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("examples") / "ball.avi"
    write_avi(file, [ball(index) for index in range(COUNT)])
    return file


def run(name: str, *words: object) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run_here() -> None:
    here = Path(__file__).read_text()
    assert all(f'run("{script.name}"' in here for script in EXAMPLES.glob("*.py"))


def test_extract_matte(clip: Path, tmp_path: Path) -> None:
    said = run("extract_matte.py", clip, tmp_path / "matte.mkv", "swift")
    assert f"{COUNT} frames" in said and said.rstrip().endswith("verified")
    assert (tmp_path / "matte.mkv").stat().st_size > 0


def test_composite_frames(clip: Path, tmp_path: Path) -> None:
    assert "10 frames" in run("composite_frames.py", clip, tmp_path / "out")
    pictures = [cv2.imread(str(file)) for file in sorted((tmp_path / "out").glob("*.png"))]
    assert len(pictures) == 10
    height, width = pictures[0].shape[:2]
    corner = pictures[5][: height // 8, : width // 8].mean((0, 1))
    assert np.abs(corner - np.array([0.3, 0.5, 0.1]) * 255).max() < 60


def test_run_network(tmp_path: Path) -> None:
    if not (paths.weights_dir() / "swift.safetensors").is_file():
        pytest.skip("no weights")
    for index in (0, 1):
        cv2.imwrite(str(tmp_path / f"{index}.png"), ball(index))
    said = run("run_network.py", tmp_path / "0.png", tmp_path / "1.png", tmp_path / "map.png")
    saliency = cv2.imread(str(tmp_path / "map.png"), cv2.IMREAD_GRAYSCALE)
    assert saliency.shape == (224, 384) and "% of the picture" in said
    assert saliency.max() > saliency.min()

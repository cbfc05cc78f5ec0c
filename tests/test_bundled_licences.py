"""What the packed app brings along comes with its licence."""

import sys
from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import av
import pytest

from helpers.repository import ROOT
from vsod import paths

sys.path.insert(0, str(ROOT / "tools"))

import bundled_licences


def test_every_library_inside_pyav_is_named() -> None:
    libraries = Path(av.__file__).parents[1] / "av.libs"
    if not libraries.is_dir():
        pytest.skip("this PyAV uses the system's FFmpeg")
    assert bundled_licences.unnamed_libraries(file.name for file in libraries.iterdir()) == []
    assert bundled_licences.unnamed_libraries(["libstranger-0123abcd.so.1"]) == ["libstranger"]


BUNDLED = ("av", "numpy", "opencv-contrib-python-headless", "openvino", "platformdirs", "PyQt6", "PyQt6-Qt6")
BUNDLED += ("PyQt6_sip", "safetensors", "torch", "tqdm", "xxhash", "ffmpeg-python", "OpenEXR")


@pytest.mark.parametrize("name", BUNDLED)
def test_every_distribution_has_a_text(name: str) -> None:
    assert bundled_licences.licence_files(distribution(name))


def test_texts_go_beside_the_program_and_one_without_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(Path(av.__file__)), str(Path(av.__file__).parents[1] / "tqdm" / "std.py")]
    found = bundled_licences.texts(files)
    names = {place.removeprefix("vsod/bundled/licences").strip("/").split("/")[0] for _, place in found}
    assert {"", f"av-{av.__version__}"} <= names and len([n for n in names if n.startswith("tqdm-")]) == 1
    assert all(Path(source).is_file() for source, _ in found)

    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (tmp_path / "odd.py").write_text("")
    (info / "METADATA").write_text("Name: odd\nVersion: 1.0\n")
    (info / "RECORD").write_text("odd.py,,\nodd-1.0.dist-info/METADATA,,\n")
    monkeypatch.setattr(bundled_licences, "distributions", lambda: [PathDistribution(info)])
    with pytest.raises(SystemExit, match="no licence text of: odd"):
        bundled_licences.texts([str(tmp_path / "odd.py")])


def test_a_packed_app_without_texts_is_told(tmp_path: Path) -> None:
    assert {"LICENSE", "av", "torch"} <= set(bundled_licences.check(tmp_path))


def test_the_texts_are_found_from_a_checkout() -> None:
    texts = paths.licence_texts()
    assert "GNU GENERAL PUBLIC LICENSE" in texts["vsod-desktop"].read_text()
    assert "PyQt6" in texts["Overview"].read_text() and "libx264" in texts["Libraries of PyAV"].read_text()

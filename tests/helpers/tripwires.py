"""A folder full of a stranger's modules, each of which tells if it is ever imported."""

from __future__ import annotations

import sys
from pathlib import Path

OURS = ("vsod", "vsod_models")
DEPENDENCIES = (
    *("av", "cv2", "ffmpeg", "numpy", "openvino", "OpenEXR", "platformdirs", "psutil", "pydensecrf"),
    *("py_sod_metrics", "PyQt6", "safetensors", "scipy", "torch", "torchvision", "tqdm", "xxhash"),
    *("sitecustomize", "usercustomize", "openvino_telemetry"),
)


def lay(folder: Path) -> Path:
    """Fill ``folder``, which is made, with modules of every name a program of ours may import. Returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*sys.stdlib_module_names, *OURS, *DEPENDENCIES):
        (folder / f"{name}.py").write_text(
            f"open({str(folder / 'fired-')!r} + {name!r}, 'a').close()\nraise ImportError('a stranger: {name}')\n"
        )
    return folder


def fired(folder: Path) -> list[str]:
    """The names of those that ran."""
    return sorted(p.name.removeprefix("fired-") for p in folder.glob("fired-*"))

"""Report of the machine and installation: what runs, what is missing, how to get it."""

from __future__ import annotations

import importlib.util
import platform
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from vsod import __version__, helper_process, logs, paths
from vsod.errors import ProcessError, VsodError
from vsod.inference.devices import describe_cpu, describe_gpu
from vsod.inference.model_registry import list_models
from vsod.media.formats import versions
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.ffmpeg_program import why_unavailable
from vsod.media.formats.table import FORMATS
from vsod.storage import cache

QT_PACKAGES = (
    "libglib2.0-0 libgl1 libegl1 libfontconfig1 libxkbcommon0 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0"
)


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    """One line of the examination: ok, not ok, or (None) merely worth knowing."""

    name: str
    ok: bool | None
    detail: str
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def run_checks() -> list[DoctorCheck]:
    """Everything worth knowing, in the order a user would ask."""
    return [
        DoctorCheck(
            "vsod-desktop",
            True,
            f"{__version__} on Python {platform.python_version()}, {platform.platform()}",
        ),
        *_packages(),
        _window(),
        DoctorCheck("media", True, versions.bundled_ffmpeg_version()),
        _formats(),
        _second_reader(),
        _external(),
        DoctorCheck("processor", True, describe_cpu()),
        DoctorCheck("GPU", None, describe_gpu()),
        *_models(),
        DoctorCheck(
            "cache",
            None,
            f"{paths.cache_dir()} ({sum(part.bytes for part in cache.usage()) / 1e6:.0f} MB; VSOD_CACHE moves it)",
        ),
        DoctorCheck("log", None, f"{paths.log_dir() / logs.FILE} (VSOD_LOGS moves it)"),
    ]


def _packages() -> list[DoctorCheck]:
    found = []
    for name in (
        "numpy",
        "torch",
        "opencv-contrib-python-headless",
        "OpenImageIO",
        "openvino",
        "PyQt6",
        "ffmpeg-python",
    ):
        try:
            found.append(DoctorCheck(name, True, version(name)))
        except PackageNotFoundError:
            # OpenVINO makes CPUs faster but nothing needs it
            ok = None if name == "openvino" else False
            found.append(DoctorCheck(name, ok, "not installed", f"pip install {name}"))
    for name, module, fix in (
        ("pysodmetrics", "py_sod_metrics", "pip install --no-deps pysodmetrics==1.4.3 (for tests only)"),
        ("torchvision", "torchvision", "pip install torchvision (for the RAFT flow only)"),
    ):
        here = importlib.util.find_spec(module) is not None
        found.append(
            DoctorCheck(
                name, True if here else None, version(name) if here else "not installed", "" if here else fix
            )
        )
    return found


def _window() -> DoctorCheck:
    if getattr(sys, "frozen", False):
        return DoctorCheck("window", None, "Qt comes with the program; start it without a command to see")
    # in a process of its own: a missing system library must not take the doctor down
    try:
        helper_process.run(
            "vsod.gui.toolkit.qt_check:start_qt", [], variables={"QT_QPA_PLATFORM": "offscreen"}
        )
    except ProcessError as error:
        fix = f"On Debian: apt install --no-install-recommends {QT_PACKAGES}"
        return DoctorCheck("window", False, error.words or error.what, fix)
    except OSError as error:
        return DoctorCheck("window", False, f"no process can be started ({error})")
    return DoctorCheck("window", True, "Qt starts")


def _formats() -> DoctorCheck:
    missing = versions.missing_encoders()
    ids = ", ".join(FORMATS)
    if missing:
        names = ", ".join(f"{f} ({e})" for f, e in missing.items())
        return DoctorCheck(
            "formats", False, f"cannot write {names}", "Install PyAV from its wheel: pip install av"
        )
    return DoctorCheck("formats", True, ids)


def _external() -> DoctorCheck:
    reasons = {id: why_unavailable(fmt) for id, fmt in FFMPEG_FORMATS.items()}
    works = ", ".join(id for id, reason in reasons.items() if not reason)
    fails = "; ".join(f"{id}: {reason}" for id, reason in reasons.items() if reason)
    if works:
        return DoctorCheck("ffmpeg", True, f"encodes {works}", f"Not {fails}" if fails else "")
    return DoctorCheck("ffmpeg", None, "encodes nothing more than PyAV", fails)


def _second_reader() -> DoctorCheck:
    found = versions.external_ffmpeg_version()
    if found:
        return DoctorCheck("ffprobe", True, f"{found}: second reader of every verification")
    return DoctorCheck(
        "ffprobe", None, "not on the path: verification uses PyAV alone", "On Debian: apt install ffmpeg"
    )


def _models() -> list[DoctorCheck]:
    found = []
    for model in list_models():
        problem = model.problem
        if problem is None:
            try:
                model.verified_weights()
            except VsodError as error:
                problem = str(error)
        found.append(
            DoctorCheck(f"model {model.id}", problem is None, problem or f"{model.title}, weights as named")
        )
    return found

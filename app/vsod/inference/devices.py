"""Which processor runs the networks, and what to call it."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from vsod.errors import ModelError
from vsod.inference.openvino_backend import has_bfloat16


def choose_device(wanted: str) -> str:
    """``"auto"`` resolved to ``"cuda"``, ``"mps"`` or ``"cpu"``; a named device that is missing is an error.

    Raises:
        ModelError: The wanted device is not there.
    """
    if wanted == "cpu" or (wanted == "auto" and not _gpu_plausible()):
        return "cpu"
    import torch

    there: dict[str, Callable[[], bool]] = {
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
    }
    if wanted == "auto":
        return next((name for name, check in there.items() if check()), "cpu")
    if not there[wanted]():
        raise ModelError(f"device '{wanted}' is not available here", fix="Use --device auto or cpu.")
    return wanted


def _gpu_plausible() -> bool:
    """Cheap check for a GPU, so that a plain CPU never pays for importing torch."""
    if sys.platform == "darwin":
        return True
    return Path("/dev/nvidiactl").exists() or Path("/dev/kfd").exists() or os.name == "nt"


def describe_cpu() -> str:
    """Name of the processor and what it runs networks with, for people."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        name = lines[0].partition(":")[2].strip() if lines else name
    if importlib.util.find_spec("openvino") is None:
        return f"{name}, {os.cpu_count()} threads, torch float32"
    fast = has_bfloat16()
    return f"{name}, {os.cpu_count()} threads, OpenVINO {'bfloat16' if fast else 'float32'}"


def describe_gpu() -> str:
    """The GPU torch would use, for people; imports torch only where a GPU is plausible."""
    if not _gpu_plausible():
        return "none found, running on the CPU"
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return "Metal (mps)" if torch.backends.mps.is_available() else "none that torch can use"

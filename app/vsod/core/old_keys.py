"""Stored names that changed: what was written before is read with the names of now, for good.

The one table of them; a name that changes gets a line here and a file in ``tests/data``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CLIP_SETTINGS = {"card": "model", "finish": "matte", "delivery": "export"}  # of jobs, project clips and shots
MATTE_SETTINGS = {"stabilise": "temporal_smoothing"}
EXPORT_SETTINGS = {"what": "kind"}
JOB_REPORT = {"card": "model_weights"}
JOB_RESULT = {"fitted": "adapted"}
ADAPTATION = {"doubt_before": "uncertainty_before", "doubt_after": "uncertainty_after"}
MODEL_SPEC = {"paid_work": "commercial_use", "reads": "inputs"}
MODEL_INPUT = {"still": "static_prior"}
MODEL_OUTPUT = {"half": "decision_threshold"}
INPUT_NAMES = {"wheel": "flow_image"}
WINDOW_KINDS = {"clips": "chunks"}
PREFERENCES = {
    "card": "model",
    "default_card": "default_model",
    "ahead": "idle_analysis",
    "sound": "audio",
    "draft_mb": "scrub_cache_mb",
    "autosave": "autosave_delay",
}
ACTIONS = {  # whose keys the user may have chosen
    "show_lanes": "show_metrics",
    "save_curves": "save_metrics",
    "next_flag": "next_issue",
    "previous_flag": "previous_issue",
    "edit_shot": "edit_shot_only",
    "shot_as_clip": "reset_shot",
    "reset_finish": "reset_matte",
    "analyse_idle": "idle_analysis",
    "reopen": "restore_session",
    "back10": "previous_10_frames",
    "ahead10": "next_10_frames",
    "back": "previous_frame",
    "ahead": "next_frame",
}
NETWORKS = ("dsnet", "msst", "pdb", "scnn", "stan", "studio", "swift")


def renamed(raw: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A stored object with the keys of now; where both names are there, the new one counts.

    Args:
        raw: The object as it was read.
        names: Old key -> new key, one of the tables of this module.

    Raises:
        AttributeError: It is no object.
    """
    return {names.get(key, key): value for key, value in raw.items() if names.get(key) not in raw}


def new_entry(entry: str) -> str:
    """``entry`` of a model spec, the networks of our library under the module they lie in now."""
    module, colon, function = entry.partition(":")
    package, _, name = module.rpartition(".")
    return (
        f"vsod_models.networks.{name}{colon}{function}"
        if package == "vsod_models" and name in NETWORKS
        else entry
    )


def first_inputs(inputs: Sequence[str]) -> tuple[str, ...]:
    """Names of a network's inputs as 0.1.0 wrote them, see :func:`first_entry`."""
    first = {new: old for old, new in INPUT_NAMES.items()}
    return tuple(first.get(name, name) for name in inputs)


def first_entry(entry: str) -> str:
    """``entry`` as 0.1.0 wrote it: what signatures are made of stays, so that maps stay."""
    package, dot, rest = entry.rpartition("vsod_models.networks.")
    return f"vsod_models.{rest}" if dot and not package else entry

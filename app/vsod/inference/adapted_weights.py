"""Weights fitted to a clip, and what to think of them: one checksummed file in the clip's map store."""

from __future__ import annotations

import json
import struct
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vsod.core.old_keys import ADAPTATION, renamed
from vsod.errors import ModelError
from vsod.storage import cache, envelope
from vsod.storage.envelope import Damaged

if TYPE_CHECKING:
    from torch import Tensor

_KIND = "adapted"
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class AdaptationResult:
    """What came of adapting a model to a clip.

    Attributes:
        trusted: The adapted net is to be used.
        agreement: Mean IoU of its maps with those before, on frames spread over the clip.
        uncertainty_before, uncertainty_after: Undecided pixels per pixel of the subject, on the same frames.
    """

    trusted: bool
    agreement: float = 0.0
    uncertainty_before: float = 0.0
    uncertainty_after: float = 0.0


def write_adapted(file: Path, outcome: AdaptationResult, weights: bytes, key: str) -> None:
    """Keep an outcome and the weights it is about, together.

    Args:
        file: In a map store.
        outcome: What came of it.
        weights: A ``.safetensors`` file's bytes; empty where the outcome is not trusted.
        key: All that it depends on.

    Raises:
        OutputError: The disk refuses.
    """
    words = json.dumps(asdict(outcome)).encode()
    try:
        envelope.write(file, _KIND, [_LENGTH.pack(len(words)), words, weights], key=key)
    except OSError as error:
        raise cache.unwritable(file, error) from error


def read_outcome(file: Path, key: str) -> AdaptationResult | None:
    """What came of adapting, with its weights beside it whole; None if it is not there, or damaged."""
    return envelope.read_or_discard(file, lambda: _read(file, key)[0], "the model is adapted anew")


def is_adapted(file: Path) -> bool:
    """Whether a weights file is one of these."""
    try:
        return envelope.read_head(file).kind == _KIND
    except (OSError, Damaged):
        return False


def load_adapted(file: Path) -> dict[str, Tensor]:
    """The weights as a state dict in float32.

    Raises:
        ModelError: The file is damaged, or holds none.
    """
    from vsod_models.weights import load_weights

    try:
        weights = _read(file, None)[1]
    except (OSError, Damaged) as error:
        raise ModelError(
            "the weights fitted to this clip cannot be read", where=file, fix="Start the job again."
        ) from error
    with tempfile.TemporaryDirectory(prefix="vsod-") as folder:
        plain = Path(folder) / "adapted.safetensors"
        plain.write_bytes(weights)
        return load_weights(plain)


def _read(file: Path, key: str | None) -> tuple[AdaptationResult, bytes]:
    _, payload = envelope.read(file, _KIND, key=key)
    try:
        (length,) = _LENGTH.unpack_from(payload)
        split = _LENGTH.size + length
        outcome = renamed(json.loads(payload[_LENGTH.size : split]), ADAPTATION)
        return AdaptationResult(**outcome), payload[split:]
    except (struct.error, ValueError, TypeError, AttributeError) as error:
        raise Damaged(str(error)) from error

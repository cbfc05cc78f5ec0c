"""SCNN's Algorithm 1: labels for unlabelled frames and the net that makes them, in turns.

Source: SCNN (Tang et al., TCSVT 2019), Algorithm 1. Every round trains one epoch on the manual
labels and the current weak ones, adds the net's own maps to those of the existing models, learns
the fusion's weights anew and thresholds the fused maps: the next weak labels.

What the paper leaves open is decided so. At most 10 rounds; it ends early once two rounds agree
(mean IoU above 0.99), but not while the fusion gives the net no weight: then the labels
stand still because the net has no say yet, not because it agrees. Against a net that confirms
itself: the weights of the rounds are learnt on a fifth of the labelled frames, which the net never
trains on, and weak labels that cover less than 0.5 % or more than 80 % of the frame are not
trained on.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map, Mask
from vsod_models.labels.map_fusion import Evidence, fuse_maps
from vsod_models.labels.otsu import otsu_mask

Maps = Callable[[str], npt.NDArray[np.float32]]
Truth = Callable[[str], Mask]
Report = Callable[[str, int, int], None]


class Learner(Protocol):
    """The net that is taught, SCNN or a stand-in. Frames are named by their keys."""

    def train_epoch(self, labels: Mapping[str, Mask]) -> float:
        """Train once over ``labels`` ((H, W) bool, read when asked for); returns the mean loss."""
        ...

    def predict(self, keys: Sequence[str]) -> Iterator[Map]:
        """The net's maps of ``keys``, in their order: (h, w) float32 0..1 of any size."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything that the next epoch depends on into ``folder``."""
        ...

    def load(self, folder: Path) -> None:
        """Go back to what :meth:`save` wrote."""
        ...


@dataclass(frozen=True)
class WeakLabelSettings:
    """The loop's numbers.

    Attributes:
        rounds: Largest number of rounds, the paper's beta.
        agree: Mean IoU of two rounds' weak labels above which it ends.
        held_out: Share of the labelled frames that only the fusion sees.
        smallest: Share of the frame a weak label must cover to be trained on ...
        largest: ... and may cover at most.
    """

    rounds: int = 10
    agree: float = 0.99
    held_out: float = 0.2
    smallest: float = 0.005
    largest: float = 0.8


@dataclass(frozen=True)
class Round:
    """What a round did; round 0 is the fusion of the existing models alone.

    Attributes:
        number: 0, 1, ...
        weights: Of the providers; from round 1 on the last is the net's.
        error: Mean squared error of the fused maps on the frames the weights were learnt on.
        kept: Weak labels fit to train on.
        dropped: Weak labels that cover too little or too much.
        agreement: Mean IoU with the previous round's weak labels; 0 for round 0.
        loss: Mean loss of the epoch; 0 for round 0.
    """

    number: int
    weights: tuple[float, ...]
    error: float
    kept: int
    dropped: int
    agreement: float
    loss: float


def split_held_out(keys: Sequence[str], share: float) -> tuple[list[str], list[str]]:
    """Split labelled frames into those trained on and those held out.

    Whole clips are held out (every fifth for a fifth, at least one), because a net that has seen a
    clip's first frames knows its last ones, and would be trusted too much. Of a single clip the last
    frames are.

    Args:
        keys: ``"<clip>/<frame>"``.
        share: To hold out, 0..1.

    Returns:
        (trained on, held out); a single frame is in both.
    """
    keys = sorted(keys)
    clips: dict[str, list[str]] = {}
    for key in keys:
        clips.setdefault(key.rpartition("/")[0], []).append(key)
    every = max(round(1 / share), 2) if share > 0 else 0
    if not every:
        return keys, keys
    groups = list(clips.values())
    if len(groups) > 1:
        out = {key for group in groups[every - 1 :: every] or groups[-1:] for key in group}
    else:
        out = {key for group in groups for key in group[len(group) - round(len(group) * share) :]}
    if not out or len(out) == len(keys):
        return keys, keys
    return [k for k in keys if k not in out], [k for k in keys if k in out]


class WeakLabelling:
    """Algorithm 1 in a folder; stopped at any moment, it goes on from the last whole round.

    The folder holds one subfolder, ``round-NN``, with ``labels/<key>.png``, ``record.json`` and
    the learner's own files.

    Args:
        folder: Where the state is kept.
        labelled: Keys of frames with ground truth, L.
        unlabelled: Keys of the others, U.
        maps: Gives the existing models' maps of a key, (N, H, W) float32 0..1.
        truth: Gives the ground truth of a labelled key, (H, W) bool, in the maps' size.
        learner: The net.
        settings: The loop's numbers.
        report: Called with what is being done, frames done and frames in all.

    Raises:
        ValueError: There are no labelled or no unlabelled frames, or the folder is of another run.
    """

    def __init__(
        self,
        folder: Path,
        labelled: Sequence[str],
        unlabelled: Sequence[str],
        maps: Maps,
        truth: Truth,
        learner: Learner,
        settings: WeakLabelSettings | None = None,
        report: Report | None = None,
    ) -> None:
        if not labelled or not unlabelled:
            raise ValueError("Algorithm 1 needs frames with ground truth and frames without")
        self.settings = settings or WeakLabelSettings()
        self._folder, self._maps, self._truth, self._learner = folder, maps, truth, learner
        self._labelled, self._unlabelled = sorted(labelled), sorted(unlabelled)
        self._trained, self._judged = split_held_out(self._labelled, self.settings.held_out)
        self._report = report or (lambda what, done, total: None)
        self.history = self._resume()

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        if not self.history:
            return False
        last = self.history[-1]
        agreed = last.number > 0 and last.agreement > self.settings.agree and last.weights[-1] > 0
        return agreed or last.number >= self.settings.rounds

    @property
    def folder(self) -> Path:
        """Where the last whole round is.

        Raises:
            FileNotFoundError: No round has been done yet.
        """
        if not self.history:
            raise FileNotFoundError(f"{self._folder}: no round has been done yet")
        return self._folder / f"round-{self.history[-1].number:02d}"

    def run(self) -> Iterator[Round]:
        """Do the rounds that are left, each written before it is yielded."""
        while not self.finished:
            yield self._first() if not self.history else self._next()

    def label(self, key: str) -> Mask:
        """The current weak label of an unlabelled frame, (H, W) bool.

        Raises:
            FileNotFoundError: No round has been done yet.
        """
        return _read(self.folder / "labels" / f"{key}.png")

    def usable(self) -> list[str]:
        """Unlabelled frames whose weak label is fit to train on."""
        return [key for key in self._unlabelled if self._fits(self.label(key))]

    def _first(self) -> Round:
        # these models were not taught with our labels: all of L may judge them
        first = self._evidence(self._labelled, None)
        return self._write(0, first, None, 0.0)

    def _next(self) -> Round:
        number = self.history[-1].number + 1
        weak = self.usable()
        self._report(f"train {number}", 0, len(self._trained) + len(weak))
        loss = self._learner.train_epoch(_Labels(self._trained, weak, self._truth, self.label))
        evidence = self._evidence(self._judged, self._learner.predict(self._judged))
        return self._write(number, evidence, self._learner.predict(self._unlabelled), loss)

    def _evidence(self, keys: Sequence[str], own: Iterator[Map] | None) -> Evidence:
        evidence: Evidence | None = None
        for done, key in enumerate(keys):
            maps = self._with(key, own)
            evidence = evidence or Evidence(len(maps))
            evidence.add(maps, self._truth(key).astype(np.float64))
            self._report("weigh", done + 1, len(keys))
        assert evidence is not None  # there is at least one labelled frame
        return evidence

    def _with(self, key: str, own: Iterator[Map] | None) -> npt.NDArray[np.float32]:
        """The maps of a frame, the net's behind the others and in their size."""
        maps = self._maps(key)
        if own is None:
            return maps
        h, w = maps.shape[1:]
        mine = np.asarray(next(own), np.float32)
        if mine.shape != (h, w):
            mine = np.asarray(cv2.resize(mine, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
        return np.concatenate((maps, np.clip(mine, 0, 1)[None]))

    def _write(self, number: int, evidence: Evidence, own: Iterator[Map] | None, loss: float) -> Round:
        """Label U anew in a partial folder, then let it take the previous round's place."""
        weights = evidence.solve()
        for left in self._folder.glob(".partial*"):
            left.unlink() if left.is_symlink() else shutil.rmtree(left, ignore_errors=True)
        # new, under a name that nobody can have put a link at
        partial = self._folder / f".partial-{secrets.token_hex(8)}"
        partial.mkdir(parents=True)
        kept, ious = 0, []
        for done, key in enumerate(self._unlabelled):
            mask = otsu_mask(fuse_maps(self._with(key, own), weights))
            if number:
                ious.append(_iou(mask, self.label(key)))
            kept += self._fits(mask)
            _save(partial / "labels" / f"{key}.png", mask)
            self._report(f"label {number}", done + 1, len(self._unlabelled))
        record = Round(
            number,
            tuple(float(w) for w in weights),
            evidence.error(weights),
            kept,
            len(self._unlabelled) - kept,
            float(np.mean(ious)) if ious else 0.0,
            loss,
        )
        history = [*self.history, record]
        self._learner.save(partial)
        state = {"keys": self._keys(), "history": [asdict(r) for r in history]}
        (partial / "record.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
        old = self.folder if self.history else None
        partial.rename(self._folder / f"round-{number:02d}")
        if old is not None:
            shutil.rmtree(old)
        self.history = history
        return record

    def _fits(self, mask: Mask) -> bool:
        return self.settings.smallest <= float(mask.mean()) <= self.settings.largest

    def _keys(self) -> dict[str, list[str]]:
        return {"labelled": self._labelled, "unlabelled": self._unlabelled}

    def _resume(self) -> list[Round]:
        # two folders are left if it was stopped between writing one and removing the other
        found = sorted(record.parent for record in self._folder.glob("round-*/record.json"))
        if not found:
            return []
        state = json.loads((found[-1] / "record.json").read_text(encoding="utf-8"))
        if state["keys"] != self._keys():
            raise ValueError(f"{self._folder} holds a run on other frames")
        for old in found[:-1]:
            shutil.rmtree(old)
        self._learner.load(found[-1])
        return [Round(**{**row, "weights": tuple(row["weights"])}) for row in state["history"]]


class _Labels(Mapping[str, Mask]):
    """What an epoch trains on; masks are read when asked for."""

    def __init__(self, manual: Sequence[str], weak: Sequence[str], truth: Truth, label: Truth) -> None:
        self._readers = {**dict.fromkeys(weak, label), **dict.fromkeys(manual, truth)}

    def __getitem__(self, key: str) -> Mask:
        return self._readers[key](key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def _iou(a: Mask, b: Mask) -> float:
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0


def _save(path: Path, mask: Mask) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # encoded in memory: OpenCV's own writer takes no Unicode paths on Windows
    path.write_bytes(cv2.imencode(".png", mask.astype(np.uint8) * 255)[1].tobytes())


def _read(path: Path) -> Mask:
    levels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if levels is None:
        raise OSError(f"{path} is damaged")
    return np.asarray(levels, np.uint8) > 127

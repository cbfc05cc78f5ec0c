"""Pictures of a measurement: precision against recall, and the frames a model does best and worst on."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Image
from vsod.errors import DataError
from vsod.storage.atomic import output_error, write_bytes
from vsod.storage.ownership_marks import NAME, marked_png
from vsod.storage.partial_files import replacing
from vsod_models.metrics.clip_scores import Scores

_SAID = {"Software": NAME}
THUMBNAIL_SIZE = (320, 180)  # width, height
_SUBJECT = (64, 200, 255)  # RGB of what the matte keeps


class BestWorstSheet:
    """Keeps the best and the worst frames of a measurement.

    Args:
        count: Frames of either sort; of one clip at most a third of them, or one long clip would fill the sheet.
    """

    def __init__(self, count: int = 6) -> None:
        self._count, self._share = count, max(1, count // 3)
        self._clips: dict[str, tuple[list[tuple[float, int, Image]], list[tuple[float, int, Image]]]] = {}

    def add(
        self,
        clip: str,
        index: int,
        score: float,
        picture: Image,
        truth: Image,
        matte: npt.NDArray[np.float32],
    ) -> None:
        """Consider one frame.

        Args:
            clip: Name of its clip.
            index: Its ordinal.
            score: Its J.
            picture: (H, W, 3) uint8 RGB.
            truth: (H, W) uint8, above 127 = subject.
            matte: (H, W) float32 0..1.
        """
        best, worst = self._clips.setdefault(clip, ([], []))
        for heap, rank in ((best, score), (worst, -score)):
            if len(heap) < self._share or rank > heap[0][0]:
                row = _row(f"{clip} {index}  J {score:.3f}", picture, truth, matte)
                (heapq.heappush if len(heap) < self._share else heapq.heapreplace)(heap, (rank, -index, row))

    def write(self, file: Path) -> None:
        """Write the sheet: best frames left, worst right; picture, truth and matte of each.

        Raises:
            DataError: There are no frames.
            OutputError: The disk refuses.
        """
        columns = []
        for side in (0, 1):
            rows = sorted((item for clip in self._clips.values() for item in clip[side]), key=lambda i: -i[0])
            columns.append([row for _, _, row in rows[: self._count]])
        if not columns[0]:
            raise DataError("no frames were measured", where=file)
        sheet = np.hstack([np.vstack(column) for column in columns])
        file.parent.mkdir(parents=True, exist_ok=True)
        image = cv2.imencode(file.suffix, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))[1].tobytes()
        write_bytes(file, marked_png(image) if file.suffix == ".png" else image)


def _row(title: str, picture: Image, truth: Image, matte: npt.NDArray[np.float32]) -> Image:
    """Picture, truth and matte side by side, titled."""

    def small(image: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        return np.asarray(
            cv2.resize(np.asarray(image, np.float32), THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
        )

    def tinted(share: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        grey = rgb.mean(2, keepdims=True) * 0.5
        kept = 0.4 * rgb + 0.6 * np.asarray(_SUBJECT, np.float32)
        return np.asarray(grey + (kept - grey) * share[..., None], np.float32)

    rgb = small(picture)
    cells = (rgb, tinted(small((truth > 127).astype(np.float32))), tinted(small(matte)))
    row = np.ascontiguousarray(np.hstack([c.round().clip(0, 255).astype(np.uint8) for c in cells]))
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(row, title, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, width, cv2.LINE_AA)
    return np.asarray(row, np.uint8)


def plot_pr_curve(results: Mapping[str, Scores], file: Path) -> None:
    """Draw precision against recall over all 256 thresholds, one line a measurement.

    Args:
        results: Mean scores by label.
        file: .png, .svg or .pdf.

    Raises:
        DataError: matplotlib is not installed.
        OutputError: The disk refuses.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DataError(
            "drawing needs matplotlib", fix="pip install matplotlib, or leave --pictures out."
        ) from error
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    for label, scores in results.items():
        if scores.precision is None or scores.recall is None:
            continue  # no frame counted
        axes.plot(scores.recall, scores.precision, label=f"{label}: max F {scores.maxF:.3f}")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(file) as partial:
            figure.savefig(
                partial, dpi=120, format=file.suffix[1:], metadata=_SAID if file.suffix == ".png" else None
            )
    except OSError as error:
        raise output_error(error, file) from error

"""Where a net's answer is best cut: J of a model on clips with masks, for many levels from one analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.analysis.analyse import AnalysisRequest
from vsod.core.arrays import Map
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.core.prefetch import prefetch
from vsod.errors import ModelError, UsageError
from vsod.inference.model_registry import find_model, require_model
from vsod.lab.datasets import FrameMasks, labelled_clips
from vsod.lab.evaluation.evaluate import analyse_whole_clip
from vsod.lab.evaluation.scoring import rescale_map
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import smooth_maps
from vsod.media.sources.source import Source
from vsod.storage.atomic import write_text
from vsod_models.metrics.davis import boundary_accuracy, region_similarity

LOWEST, HIGHEST, STEP = 0.4, 0.9, 0.05


def thresholds(step: float = STEP) -> tuple[float, ...]:
    """The levels from 0.4 to 0.9 that are ``step`` apart.

    Raises:
        UsageError: The step is no part of that.
    """
    if not 0.001 <= step <= HIGHEST - LOWEST:
        raise UsageError(f"{step:g} is no step between thresholds", fix="0.001 to 0.5, such as 0.01.")
    count = int((HIGHEST - LOWEST) / step + 1e-6)
    return tuple(round(LOWEST + i * step, 6) for i in range(count + 1))


THRESHOLDS = thresholds()


@dataclass(frozen=True, slots=True)
class ThresholdScore:
    """What a level gives.

    Attributes:
        level: The net's own answer that becomes one half.
        J, F: Means over clips.
        clips: J of every clip.
    """

    level: float
    J: float
    F: float
    clips: tuple[float, ...]


def sweep_thresholds(
    model_id: str,
    data: Path,
    *,
    levels: Sequence[float] = THRESHOLDS,
    every: int = 4,
    split: str = "val",
    matte_settings: MatteSettings = DEFAULT_MATTE_SETTINGS,
    device: str = "auto",
    on_clip: Callable[[str], None] | None = None,
) -> list[ThresholdScore]:
    """J and F of a model for each level of ``[output] decision_threshold``; the network runs once.

    Args:
        model_id: Model to measure.
        data: Data folder, see :mod:`vsod.lab.datasets`.
        levels: Each between 0 and 1.
        every: Only each ``every``-th frame is finished and scored.
        split: Of the data.
        matte_settings: As for ``run``; the model's own CRF counts.
        device: As for ``run``.
        on_clip: Told each clip that is done.

    Raises:
        DataError, ModelError: See :func:`vsod.lab.evaluation.evaluate.evaluate`.
    """
    model = require_model(model_id)
    scores: list[npt.NDArray[np.float64]] = []
    for clip in labelled_clips(data, split):
        with clip.open() as source:
            masks = clip.masks(source.info)
            chosen = set(sorted(masks.scored)[::every])
            whole = range(source.info.frame_count)
            store = analyse_whole_clip(source, AnalysisRequest(((model_id, (whole,)),), device=device))
            maps = [store.require(i) for i in whole]
            with Refiner(matte_settings.for_model(model.crf)) as refiner:
                rows = [
                    _scores(
                        source,
                        [rescale_map(m, model.decision_threshold, level) for m in maps],
                        masks,
                        chosen,
                        refiner,
                        matte_settings,
                    )
                    for level in levels
                ]
        scores.append(np.array(rows))
        if on_clip:
            on_clip(clip.name)
    each = np.stack(scores)
    means = each.mean(0)
    return [
        ThresholdScore(level, float(j), float(f), tuple(each[:, i, 0].tolist()))
        for i, (level, (j, f)) in enumerate(zip(levels, means, strict=True))
    ]


def _scores(
    source: Source,
    maps: list[Map],
    masks: FrameMasks,
    chosen: set[int],
    refiner: Refiner,
    settings: MatteSettings,
) -> list[float]:
    """Mean J and F over the chosen frames."""
    found = []
    with closing(prefetch(source.frames(size=masks.size))) as frames:
        pairs = zip(frames, maps, strict=True)
        for frame, saliency in smooth_maps(pairs, settings.temporal_smoothing, range(len(maps))):
            if frame.index in chosen:
                predicted, actual = refiner(saliency, frame.image) > 0.5, masks[frame.index] > 127
                found.append((region_similarity(predicted, actual), boundary_accuracy(predicted, actual)))
    return [float(v) for v in np.mean(found, 0)]


def best_threshold(cuts: Sequence[ThresholdScore]) -> ThresholdScore:
    """The cut of the highest J."""
    return max(cuts, key=lambda cut: cut.J)


def format_table(cuts: Sequence[ThresholdScore]) -> Iterator[str]:
    """The cuts as lines of a Markdown table."""
    yield "| threshold | J | F | J by clip |"
    yield "|---|---|---|---|"
    top = best_threshold(cuts)
    for cut in cuts:
        level = f"**{cut.level:g}**" if cut is top else f"{cut.level:g}"
        yield f"| {level} | {cut.J:.4f} | {cut.F:.4f} | {' '.join(f'{j:.3f}' for j in cut.clips)} |"


def install_threshold(model_id: str, level: float) -> None:
    """Write ``level`` into the model spec as ``[output] decision_threshold``.

    Raises:
        ModelError: The spec has none to set.
        OutputError: The disk refuses; the model is what it was.
    """
    model = find_model(model_id)
    lines = model.source.read_text(encoding="utf-8").splitlines() if model.source else []
    at = [
        i for i, line in enumerate(lines) if line.partition("=")[0].strip() in ("decision_threshold", "half")
    ]
    if model.source is None or len(at) != 1:
        raise ModelError(
            f"model '{model_id}' has no decision threshold to set",
            where=model.source,
            fix="Add [output] with decision_threshold = 0.5 to it.",
        )
    _, hash_, comment = lines[at[0]].partition("#")
    lines[at[0]] = f"decision_threshold = {level:g}" + (f"  {hash_}{comment}" if hash_ else "")
    write_text(model.source, "\n".join(lines) + "\n")

"""Measure maps that anybody made: a folder of image files for every clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from vsod.core.arrays import Map
from vsod.core.prefetch import prefetch
from vsod.errors import DataError
from vsod.lab.datasets import LabelledClip, frames_by_name, labelled_clips
from vsod.lab.datasets.folders import files_in, named
from vsod.lab.datasets.mask_files import MASK_SUFFIXES, read_picture
from vsod.lab.evaluation.figures import BestWorstSheet
from vsod.lab.evaluation.scoring import counted_frames, of_one_size
from vsod.media.sources.source import Source
from vsod_models.metrics.clip_scores import ClipScorer, Scores, mean_scores
from vsod_models.metrics.protocols import DAVSOD, Protocol


def evaluate_maps(
    folder: Path,
    data: Path,
    *,
    split_name: str = "val",
    protocol: Protocol = DAVSOD,
    gallery: BestWorstSheet | None = None,
    on_clip: Callable[[Scores], None] | None = None,
) -> list[Scores]:
    """Scores per clip, then their mean.

    Args:
        folder: ``<clip>/`` with a map for each frame that counts, of the frame's name or number; grey, or a mask of
            colours or of 0 and 1. Of a size of their own, they are resized as the protocol says.
        data: Data folder, see :mod:`vsod.lab.datasets`.
        split_name: See :func:`vsod.lab.datasets.labelled_clips`.
        protocol: How to measure. Flicker is measured where every frame of a clip has a map.
        gallery: Shown every frame that is scored.
        on_clip: Called after each clip.

    Raises:
        DataError: A clip or a frame has no map, or data are missing.
    """
    results = []
    for clip in labelled_clips(data, split_name):
        with clip.open() as source:
            results.append(_one(clip, source, folder, protocol, gallery))
        if on_clip:
            on_clip(results[-1])
    results.append(mean_scores(results, protocol))
    if on_clip:
        on_clip(results[-1])
    return results


def _one(
    clip: LabelledClip, source: Source, folder: Path, protocol: Protocol, gallery: BestWorstSheet | None
) -> Scores:
    masks, count = clip.masks(source.info), source.info.frame_count
    counted = counted_frames(clip, masks, count, protocol)
    files = _files(folder, clip.name, source)
    missing = sorted(counted - set(files))
    if missing:
        raise DataError(
            f"{len(missing)} of {len(counted)} frames of {clip.name} have no map, the first is frame {missing[0]}",
            where=folder / clip.name,
        )
    levels = read_levels([files[i] for i in sorted(counted)])
    maps = dict(zip(sorted(counted), levels, strict=True))
    scorer, (w, h) = ClipScorer(clip.name, protocol), masks.size
    flicker = "flicker" in protocol.columns and len(masks) == count
    with ExitStack() as stack:
        if not (flicker or gallery):
            for i in sorted(counted):
                scorer.add(*of_one_size(maps[i], masks[i], protocol), index=i)
            return scorer.result()
        frames = source.frames(size=(w, h), pixels="rgb" if gallery else "luma")
        for frame in stack.enter_context(closing(prefetch(frames))):
            if frame.index in counted:
                saliency, mask = of_one_size(maps[frame.index], masks[frame.index], protocol)
                same = saliency.shape == (h, w)
                found = scorer.add(
                    saliency, mask, frame.image if flicker and same else None, index=frame.index
                )
                if gallery and same:
                    gallery.add(clip.name, frame.index, found, frame.image, mask, saliency)
    return scorer.result()


def _files(folder: Path, clip: str, source: Source) -> dict[int, Path]:
    """The map files of a clip by frame."""
    place = named(folder, (clip,)) if folder.is_dir() else None
    files = files_in(place, MASK_SUFFIXES) if place is not None else []
    if not files:
        raise DataError(
            f"there are no maps of the clip {clip}", where=folder, fix=f"Put them into {folder / clip}."
        )
    frame_of, found = frames_by_name(source.info), {}
    for file in files:
        index = frame_of(file.name)
        if index is None:
            raise DataError(
                f"this map belongs to no frame of {clip}",
                where=file,
                fix="Name maps as their frames, or by the frames' numbers, from 0 for a video.",
            )
        found[index] = file
    return found


def read_levels(files: Sequence[Path]) -> list[Map]:
    """The maps of a clip, (h, w) float32 0..1 each: the first channel of grey pictures, any colour of masks.

    Args:
        files: Of all frames; where none of them has more than 1, they are masks of 0 and 1.

    Raises:
        DataError: One cannot be read.
    """
    pictures = [_grey(read_picture(file, file, "a map")) for file in files]
    # one file of 0 and 1 alone would be a map that saw nothing
    whole = 1.0 if max((int(p.max(initial=0)) for p in pictures), default=0) == 1 else None
    return [np.asarray(p / (whole or np.iinfo(p.dtype).max), np.float32) for p in pictures]


def _grey(picture: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    if picture.ndim == 2:
        return picture
    colours = picture[..., :3]
    if (colours == colours[..., :1]).all():
        return np.asarray(colours[..., 0])
    return np.where(colours.any(2), np.iinfo(picture.dtype).max, 0).astype(picture.dtype)

"""Write what a model computes on the way to its map: an image per frame and map, a table of the numbers."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vsod.analysis.intermediate_maps import belongs_to, frame_maps, frame_numbers, list_maps
from vsod.analysis.intermediates import IntermediateReader
from vsod.core.arrays import Image, Map
from vsod.core.clip import ClipInfo
from vsod.core.progress import ProgressFn
from vsod.core.progress_meter import ProgressMeter
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import OutputError, UsageError
from vsod.inference.model_registry import require_model
from vsod.inference.model_spec import ModelSpec
from vsod.media.sources.opening import open_source
from vsod.pipeline.job_claims import model_files
from vsod.storage.atomic import (
    commit_folder,
    create_partial_folder,
    discard,
    output_error,
    place_of,
    remove_stale_partials,
)
from vsod.storage.claims import Claims, refuse_foreign
from vsod.storage.ownership_marks import marked_png

TABLE = "intermediates.csv"
_COLUMNS = ("frame", "name", "scale", "value")


@dataclass(frozen=True, slots=True)
class IntermediatesRequest:
    """What is to be written.

    Attributes:
        source: The clip.
        folder: Where to.
        model: Id of the model.
        frames: Frames to look at; empty = all, or each ``every``-th.
        every: Each how many frames.
        maps: Names of what is wanted, :func:`vsod.analysis.intermediate_maps.list_maps` has them; empty = all.
        device: Where torch runs.
        reading: How the clip is read.
        overwrite: What this program did not write may be replaced.
    """

    source: Path
    folder: Path
    model: str = "swift"
    frames: tuple[int, ...] = ()
    every: int = 1
    maps: tuple[str, ...] = ()
    device: str = "auto"
    reading: SourceSettings = DEFAULT_SOURCE_SETTINGS
    overwrite: bool = False


def write_intermediates(
    request: IntermediatesRequest,
    *,
    on_progress: ProgressFn | None = None,
    cancel: threading.Event | None = None,
) -> tuple[int, int]:
    """Write ``NAME.0010.png`` for each map and frame, and ``intermediates.csv``; all or, if it is stopped, nothing.

    Maps are 16-bit grey, 65535 = 1; what has colours is 8-bit RGB.

    Returns:
        How many frames, how many images.

    Raises:
        Cancelled: ``cancel`` was set.
        UsageError: A frame or a map that is not there, or what is written would eat what is read.
        ModelError: The model cannot be used.
        OutputError: The folder cannot be written.
    """
    model = require_model(request.model)
    check_maps(model, request.maps)
    _claim(request)
    with open_source(request.source, request.reading) as source:
        frames = chosen_frames(source.info, request.frames, request.every)
        meter = ProgressMeter(on_progress, {"inside": len(frames)}, cancel)
        place = place_of(request.folder)
        remove_stale_partials(place)
        partial, images = None, 0
        lacking, digits = list(request.maps), max(4, len(str(source.info.frame_count - 1)))
        rows: list[tuple[int, str, int | str, float]] = []
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial = create_partial_folder(place)
            meter.start("inside")
            made = IntermediateReader(source, model, request.device).read(frames, cancel=cancel)
            with closing(made):
                for frame in made:
                    maps = frame_maps(frame)
                    lacking = [wanted for wanted in lacking if not any(belongs_to(n, wanted) for n in maps)]
                    for name, picture in maps.items():
                        if not request.maps or any(belongs_to(name, wanted) for wanted in request.maps):
                            (partial / f"{name}.{frame.index:0{digits}}.png").write_bytes(_png(picture))
                            images += 1
                    numbers = frame_numbers(frame)
                    rows += [
                        (frame.index, name, scale or "", round(value, 6)) for name, scale, value in numbers
                    ]
                    meter.step()
            if lacking:
                raise UsageError(
                    f"the network of model '{model.id}' hands out no '{lacking[0]}'",
                    fix="It is of another variant: leave it out of --maps.",
                )
            (partial / TABLE).write_text(_as_csv(rows), "utf-8")
            commit_folder(partial, place)
        except OSError as error:
            raise output_error(error, request.folder) from error
        finally:
            if partial is not None:
                discard(partial)
    return len(frames), images


def check_maps(model: ModelSpec, maps: Sequence[str]) -> None:
    """Refuse names that this model has nothing of.

    Raises:
        UsageError: Names those it has.
    """
    known = [info.name for info in list_maps(model)]
    for name in maps:
        if not any(belongs_to(name, one) or belongs_to(one, name) for one in known):
            raise UsageError(
                f"model '{model.id}' has no map '{name}'", fix=f"It has: {', '.join(known)}; see --list."
            )


def chosen_frames(info: ClipInfo, frames: Sequence[int], every: int) -> list[int]:
    """The frames to look at, in order.

    Raises:
        UsageError: One is not in the clip.
    """
    missing = [index for index in frames if not 0 <= index < info.frame_count]
    if missing:
        raise UsageError(
            f"there is no frame {missing[0]}: the clip has {info.frame_count}, counted from 0",
            where=info.path,
        )
    return sorted(set(frames)) or list(range(0, info.frame_count, every))


def _claim(request: IntermediatesRequest) -> None:
    claims = Claims()
    claims.read(request.source, "the source")
    for path, what in model_files([request.model]):
        claims.read(path, what)
    claims.write_folder(request.folder, "the folder of maps")
    claims.check()
    if request.folder.exists() and not request.folder.is_dir():
        raise OutputError("a file has this name", where=request.folder, fix="Choose another folder.")
    if not request.overwrite:
        refuse_foreign(request.folder, "the maps", folder=True)


def _png(picture: Map | Image) -> bytes:
    grey = picture.ndim == 2
    codes = (
        np.rint(np.clip(picture, 0, 1) * 65535).astype(np.uint16)
        if grey
        else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    )
    ok, data = cv2.imencode(".png", codes)
    if not ok:
        raise OSError("the image could not be encoded")
    return marked_png(data.tobytes())


def _as_csv(rows: Sequence[tuple[int, str, int | str, float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_COLUMNS, *rows])
    return text.getvalue()

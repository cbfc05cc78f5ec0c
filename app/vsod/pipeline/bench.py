"""Frames per second of every stage on its own, and of the whole way."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vsod.analysis.fill_store import fill_store
from vsod.core.export_settings import ExportSettings
from vsod.core.frame import Frame
from vsod.core.matte_settings import DEFAULT_MATTE_SETTINGS, MatteSettings
from vsod.core.output_frame import FileContent, OutputFrame
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.inference.model_spec import ModelSpec
from vsod.inference.predictor import Predictor
from vsod.matte import export_frames
from vsod.matte.refiner import Refiner
from vsod.matte.smoothing_window import frames_needed, smooth_maps
from vsod.media.formats.registry import format_by_id
from vsod.media.pixels.conversion import PixelFormat
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.verifier import VerifyReport, verify
from vsod.storage.map_store import MapStore


@dataclass(frozen=True)
class BenchResult:
    """What was measured.

    Attributes:
        source: The clip, its raster and codec.
        frames: Frames per measurement.
        device: Where the network ran.
        cores: Processor threads of the machine.
        alone: Stage -> frames per second with nothing else running.
        together: ``"analyse"``, ``"export"``, ``"verify"`` and ``"whole"`` -> frames per second as ``run`` does them.
        processor: Stage, as in both -> milliseconds of processor time a frame, of all threads together.
        limit: The slowest stage.
        start_up: Seconds to load the network.
        peak_mb: Largest resident memory of the process so far.
    """

    source: str
    frames: int
    device: str
    cores: int
    alone: dict[str, float]
    together: dict[str, float]
    processor: dict[str, float]
    limit: str
    start_up: float
    peak_mb: float

    def as_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)

    def table(self) -> str:
        """For people."""
        rows = [f"{self.source}, {self.frames} frames, {self.device}, {self.cores} threads", ""]
        rows += ["| stage alone | fps | processor time, ms a frame |", "|---|---|---|"]
        rows += [
            f"| {k}{' (the limit)' if k == self.limit else ''} | {v:.1f} | {self.processor[k]:.1f} |"
            for k, v in self.alone.items()
        ]
        rows += ["", "| as run does it | fps | processor time, ms a frame |", "|---|---|---|"]
        rows += [f"| {k} | {v:.1f} | {self.processor[k]:.1f} |" for k, v in self.together.items()]
        rows += ["", f"network loaded in {self.start_up:.2f} s, peak memory {self.peak_mb:.0f} MB"]
        return "\n".join(rows)


class _Laps:
    """Frames per second of stages, and what processor time a frame takes of them in milliseconds."""

    def __init__(self) -> None:
        self.fps: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    def __call__(self, stage: str, work: Iterable[Any], frames: int | None = None) -> list[Any]:
        """Do ``work``; ``frames`` is how many it stands for, if not one for each item."""
        began, busy = time.perf_counter(), time.process_time()
        items = list(work)
        count = frames or len(items)
        self.fps[stage] = count / (time.perf_counter() - began)
        self.processor[stage] = 1000 * (time.process_time() - busy) / count
        return items


def run_bench(
    source_path: Path,
    model: ModelSpec,
    format_id: str,
    limit: int,
    device: str,
    settings: MatteSettings = DEFAULT_MATTE_SETTINGS,
    export_settings: ExportSettings = ExportSettings(),  # noqa: B008  frozen
    source_settings: SourceSettings = DEFAULT_SOURCE_SETTINGS,
) -> BenchResult:
    """Measure a clip's first ``limit`` frames, finished by ``settings``, written as ``export_settings``'s first file.

    Raises:
        VsodError: As for ``run``.
    """
    fmt, settings = format_by_id(format_id), settings.for_model(model.crf)
    alone, together = _Laps(), _Laps()
    with open_source(source_path, source_settings) as clip, tempfile.TemporaryDirectory() as temp:
        info = clip.info
        frames = range(min(limit, info.frame_count))
        reads = frames_needed(frames, settings, info.frame_count)
        predictor = Predictor(model, info.display_size, device)
        began = time.perf_counter()
        name = predictor.device
        start_up = time.perf_counter() - began
        small = alone("decode small", clip.frames(0, frames.stop, size=predictor.raster.size))
        moving = alone("flow", predictor.with_flow(small))
        prepared = alone("prior" if "prior" in model.inputs else "inputs", predictor.inputs(moving))
        maps = alone("network", predictor.infer(prepared))
        refiner = Refiner(settings)
        colour = export_frames.required_pixels(export_settings, info)
        pixels: PixelFormat = colour or ("rgb" if refiner.reads_colour else "luma")
        decoded = alone(f"decode {pixels}", clip.frames(0, min(frames.stop, 24), pixels=pixels))
        pairs = list(zip((m for _, m in maps), decoded, strict=False))
        if settings.temporal_smoothing:
            unsmoothed = ((frame, saliency) for saliency, frame in pairs)
            smoothed = alone(
                "smooth", smooth_maps(unsmoothed, settings.temporal_smoothing, range(len(pairs)))
            )
            pairs = [(saliency, frame) for frame, saliency in smoothed]
        with refiner:
            # once for the time, letting go of every matte as a job does: fresh memory costs more than the work
            alone("refine", (refiner(m, frame.image) is None for m, frame in pairs))
            mattes = [(frame, refiner(m, frame.image)) for m, frame in pairs]
        if colour:
            alone(
                "compose",
                (
                    picture is None
                    for _, picture in export_frames.compose_frames(iter(mattes), export_settings, clip)
                ),
            )
        pictures = list(export_frames.compose_frames(iter(mattes), export_settings, clip))
        suffix = "" if fmt.is_sequence else fmt.suffixes[0]
        content = export_settings.contents[0]

        def written(
            name: str, made: Iterable[tuple[Frame, dict[FileContent, OutputFrame]]], count: int
        ) -> Iterator[int]:
            target = Path(temp) / f"{name}{suffix}"
            with open_sink(
                target, fmt, info, frames=range(count), content=content, export_settings=export_settings
            ) as sink:
                for number, (_, picture) in enumerate(made):
                    sink.write(number, picture[content])
                    yield number

        alone("encode", written("alone", pictures, len(pictures)))
        store = MapStore(Path(temp) / "maps", info.frame_count)
        together("analyse", fill_store(clip, predictor, store, reads))
        finished = export_frames.export_frames(clip, store, frames, settings, export_settings)
        together("export", written("whole", finished, len(frames)))

        def checked() -> Iterator[VerifyReport]:
            target = Path(temp) / f"whole{suffix}"
            yield verify(
                source_path,
                target,
                frames=frames,
                content=content,
                export_settings=export_settings,
                source_settings=source_settings,
            )

        together("verify", checked(), len(frames))
        together.fps["whole"] = 1 / sum(1 / v for v in together.fps.values())
        together.processor["whole"] = sum(together.processor.values())
        described = f"{info.path.name} {info.width}x{info.height} {info.codec}"
    return BenchResult(
        described,
        len(frames),
        name,
        os.cpu_count() or 1,
        {k: round(v, 1) for k, v in alone.fps.items()},
        {k: round(v, 1) for k, v in together.fps.items()},
        {k: round(v, 1) for k, v in (alone.processor | together.processor).items()},
        min(alone.fps, key=lambda k: alone.fps[k]),
        round(start_up, 3),
        round(peak_mb(), 1),
    )


def peak_mb() -> float:
    """Largest resident memory of this process so far; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:  # there is none on Windows, and no clip may fail to open for it
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)

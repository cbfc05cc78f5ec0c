"""Frames per second of every stage on its own, and of the whole way."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vsod.core.delivery import Delivery
from vsod.core.finishing import DEFAULTS, FinishSettings
from vsod.inference.cards import Card
from vsod.inference.finish import Finisher
from vsod.inference.mapstore import MapStore
from vsod.inference.predictor import Predictor
from vsod.media.formats import format_by_id
from vsod.media.picture import Pixels
from vsod.media.sinks import Sink, open_sink
from vsod.media.source import open_source
from vsod.media.verify import verify
from vsod.pipeline import deliver, stages
from vsod.pipeline.steady import needed, steady


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
    limit: str
    start_up: float
    peak_mb: float

    def as_json(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)

    def table(self) -> str:
        """For people."""
        rows = [f"{self.source}, {self.frames} frames, {self.device}, {self.cores} threads", ""]
        rows += ["| stage alone | fps | s a frame |", "|---|---|---|"]
        rows += [
            f"| {k}{' (the limit)' if k == self.limit else ''} | {v:.1f} | {1 / v:.3f} |"
            for k, v in self.alone.items()
        ]
        rows += ["", "| as run does it | fps |", "|---|---|"]
        rows += [f"| {k} | {v:.1f} |" for k, v in self.together.items()]
        rows += ["", f"network loaded in {self.start_up:.2f} s, peak memory {self.peak_mb:.0f} MB"]
        return "\n".join(rows)


def _timed(work: Iterable[Any]) -> tuple[list[Any], float]:
    began = time.perf_counter()
    items = list(work)
    return items, len(items) / (time.perf_counter() - began)


def bench(
    source_path: Path,
    card: Card,
    format_id: str,
    limit: int,
    device: str,
    settings: FinishSettings = DEFAULTS,
    delivery: Delivery = Delivery(),  # noqa: B008  frozen
) -> BenchResult:
    """Measure a clip's first ``limit`` frames, finished by ``settings``, written as ``delivery``'s first file.

    Raises:
        VsodError: As for ``run``.
    """
    fmt, settings = format_by_id(format_id), settings.for_card(card.crf)
    alone: dict[str, float] = {}
    together: dict[str, float] = {}
    with open_source(source_path) as clip, tempfile.TemporaryDirectory() as temp:
        info = clip.info
        frames = range(min(limit, info.frame_count))
        reads = needed(frames, settings, info.frame_count)
        predictor = Predictor(card, info.display_size, device)
        began = time.perf_counter()
        name = predictor.device
        start_up = time.perf_counter() - began
        small, alone["decode small"] = _timed(clip.frames(0, frames.stop, size=predictor.raster.size))
        moving, alone["flow"] = _timed(predictor.moving(small))
        prepared, alone["prior" if "prior" in card.reads else "inputs"] = _timed(predictor.inputs(moving))
        maps, alone["network"] = _timed(predictor.infer(prepared))
        finisher = Finisher(settings)
        colour = deliver.pixels_needed(delivery, info)
        pixels: Pixels = colour or ("rgb" if finisher.reads_colour else "luma")
        decoded, alone[f"decode {pixels}"] = _timed(clip.frames(0, min(frames.stop, 24), pixels=pixels))
        pairs = list(zip(maps, decoded, strict=False))
        with finisher:
            steadied = steady(((f, m) for (_, m), f in pairs), settings.stabilise, range(len(pairs)))
            mattes, alone["finish"] = _timed((f, finisher(m, f.image)) for f, m in steadied)
        pictures, speed = _timed(deliver.pictures(iter(mattes), delivery, clip))
        if colour:
            alone["compose"] = speed
        suffix = "" if fmt.is_sequence else fmt.suffixes[0]
        layout = delivery.layouts[0]

        def sink(name: str, count: int) -> Sink:
            target = Path(temp) / f"{name}{suffix}"
            return open_sink(target, fmt, info, frames=range(count), layout=layout, delivery=delivery)

        began = time.perf_counter()
        with sink("alone", len(pictures)) as writer:
            for i, (_, made) in enumerate(pictures):
                writer.write(i, made[layout])
        alone["encode"] = len(pictures) / (time.perf_counter() - began)

        store = MapStore(Path(temp) / "maps", info.frame_count)
        _, together["analyse"] = _timed(stages.analyse(clip, predictor, store, reads))
        began = time.perf_counter()
        with sink("whole", len(frames)) as writer:
            for frame, made in deliver.deliver(clip, store, frames, settings, delivery):
                writer.write(frame.index, made[layout])
            target = writer.close()
        together["export"] = len(frames) / (time.perf_counter() - began)
        again = partial(verify, source_path, target, frames=frames, layout=layout, delivery=delivery)
        together["verify"] = len(frames) / _seconds(again)
        together["whole"] = 1 / sum(1 / v for v in together.values())
        described = f"{info.path.name} {info.width}x{info.height} {info.codec}"
    return BenchResult(
        described,
        len(frames),
        name,
        os.cpu_count() or 1,
        {k: round(v, 1) for k, v in alone.items()},
        {k: round(v, 1) for k, v in together.items()},
        min(alone, key=lambda k: alone[k]),
        round(start_up, 3),
        round(peak_mb(), 1),
    )


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_mb() -> float:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)

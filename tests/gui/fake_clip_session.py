"""A stand-in for the pipeline: synthetic pictures and maps, no media, no network.

The picture of frame ``i`` has ``i`` in its red channel's left half, so a test
can read from what is on screen which frame it came from. The subject is a
disc that moves one step to the right per frame.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ClipSettings
from vsod.core.frame import Frame
from vsod.core.job import JobResult, JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress import AnalysisCoverage, Progress, ProgressFn
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceChoices, SourceSettings
from vsod.errors import Cancelled, MediaNotFound, OutputError
from vsod.gui.toolkit.pipeline_interface import LocalPipeline
from vsod.pipeline.batch import JobOutcome
from vsod.pipeline.find_clips import FoundClips
from vsod.pipeline.job_estimate import JobEstimate
from vsod.qc.frame_metrics import FrameMetrics
from vsod.qc.motion_trust import no_trust

if TYPE_CHECKING:
    from vsod.pipeline.clip_intermediates import MapInfo
    from vsod.pipeline.model_comparison import ModelComparison


@dataclass(frozen=True)
class ModelRow:
    id: str
    title: str
    summary: str = "Fast, good edges. Runs on any machine."
    licence: str = "MIT"
    needs_flow: bool = False
    problem: str | None = None
    architecture: str = "Two layers and a half."
    published: str = ""
    commercial_use: str = "yes"
    training_data_terms: str = "open"
    training_data: str = "Learned from freely licensed data"
    trained_on: tuple[str, ...] = ("photos of herons",)
    good_clips: tuple[int, int] | None = (4, 5)
    crf: str = "off"
    size: int = 4_200_000
    measured: dict[str, float] = field(default_factory=lambda: {"S": 0.881, "maxF": 0.852, "MAE": 0.03})


@dataclass(frozen=True)
class FormatRow:
    id: str
    title: str
    suffixes: tuple[str, ...]
    is_sequence: bool = False
    note: str = ""
    layouts: tuple[str, ...] = ("matte", "fill", "cutout")
    image: str = ""
    straight_only: bool = False


MODELS = [
    ModelRow("swift", "Swift"),
    ModelRow("flow", "Flow-guided", "Slower, steadier in motion.", "CC BY 4.0"),
    ModelRow("broken", "Broken", problem="weights are missing"),
]
FORMATS = [
    FormatRow("prores4444", "ProRes 4444 with alpha", (".mov",), note="Picture and alpha."),
    FormatRow("ffv1", "FFV1 matte", (".mkv",), note="Lossless grey.", layouts=("matte",)),
    FormatRow(
        "png",
        "PNG sequence",
        (),
        is_sequence=True,
        note="One file per frame.",
        image=".png",
        straight_only=True,
    ),
    FormatRow("exr", "EXR sequence", (), is_sequence=True, note="Half float.", image=".exr"),
]


def clip_info(path: Path, count: int = 60, size: tuple[int, int] = (320, 180), **changes: object) -> ClipInfo:
    fields: dict[str, object] = {
        "path": path,
        "kind": "video",
        "codec": "prores",
        "pix_fmt": "yuv422p10le",
        "bit_depth": 10,
        "width": size[0],
        "height": size[1],
        "rate": Fraction(25),
        "time_base": Fraction(1, 25),
        "pts": np.arange(count, dtype=np.int64),
        "timecode": "01:00:00:00",
    }
    return ClipInfo(**{**fields, **changes})  # type: ignore[arg-type]


@dataclass
class FakeClip:
    """One clip. ``gate`` holds an analysis up after every frame until it is released."""

    info: ClipInfo
    gate: threading.Semaphore | None = None
    frame_gate: threading.Semaphore | None = None
    export_error: Exception | None = None
    frame_error: Exception | None = None
    closed: bool = False
    asked: list[int] = field(default_factory=list)
    sizes: list[tuple[int, int] | None] = field(default_factory=list)
    specs: list[JobSpec] = field(default_factory=list)
    analysed: list[tuple[str, range | None, str]] = field(default_factory=list)
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    streams: int = 0
    measured: list[str] = field(default_factory=list)
    lane_values: dict[tuple[str, MatteSettings | None], FrameMetrics] = field(default_factory=dict)
    bad_frames: tuple[int, ...] = ()
    soft_frames: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()
    adapts: bool = True
    cancelled_estimates: int = 0
    adapted: list[bool] = field(default_factory=list)
    reread: list[str] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    sound_gate: threading.Semaphore | None = None
    compared_with: ClipSettings | None = None
    looked_into: list[tuple[str, int]] = field(default_factory=list)
    trust: dict[str, np.ndarray] = field(default_factory=dict)
    intermediates: dict[tuple[str, int, str], np.ndarray] = field(default_factory=dict)
    preferred: list[tuple[str, bool]] = field(default_factory=list)

    def picture(self, index: int, size: tuple[int, int] | None) -> np.ndarray:
        w, h = size or self.info.upright_size
        y, x = np.mgrid[:h, :w]
        rgb = np.empty((h, w, 3), np.uint8)
        rgb[..., 0] = np.where(x < w // 2, index % 256, 200)
        rgb[..., 1] = (y * 200 // h).astype(np.uint8)
        rgb[..., 2] = (x * 200 // w).astype(np.uint8)
        return rgb

    def frame(self, index: int, *, size: tuple[int, int] | None = None) -> Frame:
        assert threading.current_thread() is not threading.main_thread(), "decoding in the window's thread"
        if self.frame_error is not None:
            raise self.frame_error
        if self.frame_gate is not None:
            self.frame_gate.acquire()
        self.asked.append(index)
        self.sizes.append(size)
        return Frame(index, int(self.info.pts[index]), self.picture(index, size))

    def frames(
        self, start: int, stop: int | None = None, *, size: tuple[int, int] | None = None
    ) -> Iterator[Frame]:
        self.streams += 1
        try:
            for index in range(start, self.info.frame_count if stop is None else stop):
                yield Frame(index, int(self.info.pts[index]), self.picture(index, size))
        finally:
            self.streams -= 1

    def audio(self, index: int) -> Iterator[bytes]:
        """Each frame's sound is its number; samples of 16 bits, two channels."""
        self.streams += 1
        self.heard.append(index)
        try:
            while self.sound_gate is not None and not self.sound_gate.acquire(timeout=0.01):
                yield b""
            for k in range(index, self.info.frame_count):
                yield np.full(48_000 // 25 * 2, k, "<i2").tobytes()
        finally:
            self.streams -= 1

    def keyframe_before(self, index: int) -> int:
        return index - index % 8

    def measure_metrics(
        self,
        model: str,
        settings: MatteSettings | None = None,
        *,
        frames: range | None = None,
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        assert threading.current_thread() is not threading.main_thread()
        self.measured.append(model)
        todo = np.flatnonzero(self.coverage(model) & ~self.metrics(model, settings).measured)
        for index in todo:
            if cancel is not None and cancel.is_set():
                raise Cancelled
            if frames is not None and index not in frames:
                continue
            empty = FrameMetrics.empty(self.info.frame_count)
            metrics = self.lane_values.setdefault((model, settings), empty)
            metrics["area"][index] = 0.2
            bad = index in self.bad_frames
            metrics["confidence"][index] = 0.1 if bad else 0.9
            metrics["change"][index] = 0.99 if index in self.cuts else 0.05
            hard = settings is not None and settings.threshold is not None
            metrics["softness"][index] = 15 if index in self.soft_frames and not hard else 1

    def metrics(self, model: str, settings: MatteSettings | None = None) -> FrameMetrics:
        return self.lane_values.get((model, settings), FrameMetrics.empty(self.info.frame_count)).copy()

    def analyse(
        self,
        settings: ClipSettings,
        *,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> bool | None:
        assert threading.current_thread() is not threading.main_thread()
        whole = range(self.info.frame_count)
        looks = [
            (span.model, span.frames, False)
            for span in settings.for_analysis.spans(settings.frames(len(whole)))
        ]
        if settings.adapt:  # the model sees the frames of all shots
            looks = [
                (settings.model, settings.frames(len(whole)), True),
                *(look for look in looks if look[0] != settings.model),
            ]
        todo = [
            look for look in looks if len(looks) == 1 or look[2] or not self.coverage(look[0])[look[1]].all()
        ]
        total = sum(len(frames) for _, frames, _ in todo)
        number = 0
        for model, frames, adapt in todo:
            self.analysed.append((model, None if adapt and frames == whole else frames, device))
            self.adapted.append(adapt)
            done = self.maps.setdefault(model, np.zeros(self.info.frame_count, bool))
            for index in frames:
                number += 1
                while self.gate is not None and not self.gate.acquire(timeout=0.01):
                    if cancel is not None and cancel.is_set():
                        raise Cancelled
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                done[index] = True
                if on_progress is not None:
                    on_progress(Progress("analyse", number, total, 12.5, (total - number) / 12.5))
        return self.adapts if settings.adapt else None

    def reload_maps(self, model: str) -> None:
        self.reread.append(model)

    def use_adapted(self, settings: ClipSettings) -> None:
        self.preferred.append((settings.model, settings.adapt))

    def coverage(self, model: str) -> np.ndarray:
        return self.maps.get(model, np.zeros(self.info.frame_count, bool)).copy()

    def count_analysed(self, models: Sequence[str]) -> dict[str, int]:
        return {model: int(self.coverage(model).sum()) for model in models}

    def export_coverage(self, settings: ClipSettings) -> AnalysisCoverage:
        """Maps are not smoothed over time here: a frame can be exported once it has one."""
        mapped = settings.select_by_model(self.coverage)
        return AnalysisCoverage(mapped, mapped, to_adapt=settings.adapt and not any(self.adapted))

    def matte(
        self,
        model: str,
        index: int,
        picture: np.ndarray,
        settings: MatteSettings,
        *,
        alpha: np.ndarray | None = None,
    ) -> np.ndarray | None:
        if not self.coverage(model)[index]:
            return None
        h, w = picture.shape[:2]
        y, x = np.mgrid[:h, :w]
        center = w * (0.3 + 0.4 * index / self.info.frame_count)
        away = np.hypot(x - center, y - h / 2) / (h * 0.3)
        soft = np.clip((1.2 - away) * 4, 0, 1).astype(np.float32)
        return soft if settings.threshold is None else (soft >= settings.threshold).astype(np.float32)

    def compare_models(
        self,
        models: list[str],
        count: int,
        settings: ClipSettings,
        *,
        within: range | None = None,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelComparison:
        from vsod.pipeline.model_comparison import (  # loads the networks' library
            ModelComparison,
            pairwise_iou,
            sample_frames,
        )

        assert threading.current_thread() is not threading.main_thread()
        frames = sample_frames(within or range(self.info.frame_count), count)
        self.compared_with = settings
        for done, model in enumerate(models, 1):
            if on_progress is not None:
                on_progress(Progress("prepare", done - 1, len(models), model=model))
            while self.gate is not None and not self.gate.acquire(timeout=0.01):
                if cancel is not None and cancel.is_set():
                    raise Cancelled
            if on_progress is not None:
                on_progress(Progress("compare", done, len(models), model=model))
        pictures = [self.picture(i, (160, 90)) for i in frames]
        mattes = [[np.full((90, 160), 0.6, np.float32) for _ in frames] for _ in models]
        return ModelComparison(
            tuple(models), frames, pictures, mattes, [0.012] * len(models), pairwise_iou(mattes)
        )

    def intermediate_maps(self, model: str) -> list[MapInfo]:
        from vsod.pipeline.clip_intermediates import MapInfo

        own = {"swift": "gate_1", "flow": "A_st"}[model]
        return [MapInfo("prior", "motion prior", "SCNN III-B"), MapInfo(own, f"title of {own}")]

    def compute_intermediates(
        self, model: str, index: int, *, device: str = "auto", cancel: threading.Event | None = None
    ) -> list[str]:
        assert threading.current_thread() is not threading.main_thread()
        while self.gate is not None and not self.gate.acquire(timeout=0.01):
            if cancel is not None and cancel.is_set():
                raise Cancelled
        names = [info.name for info in self.intermediate_maps(model)]
        self.looked_into.append((model, index))
        for place, name in enumerate(names, 1):
            self.intermediates[model, index, name] = np.full((9, 16), 60 * place, np.uint8)
        return names

    def intermediate(self, model: str, index: int, name: str) -> np.ndarray | None:
        return self.intermediates.get((model, index, name))

    def measure_motion_trust(
        self,
        settings: ClipSettings,
        frames: range,
        *,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> np.ndarray:
        """Of `swift`: the frame's share of the clip at four scales; `flow` does not say."""
        assert threading.current_thread() is not threading.main_thread()
        for span in settings.spans(frames):
            for done, index in enumerate(span.frames, 1):
                while self.gate is not None and not self.gate.acquire(timeout=0.01):
                    if cancel is not None and cancel.is_set():
                        raise Cancelled
                if span.model == "swift":
                    self.trust.setdefault(span.model, no_trust(self.info.frame_count))[index, :5] = (
                        index / self.info.frame_count
                    )
                if on_progress is not None:
                    on_progress(Progress("trust", done, len(span.frames)))
        return self.motion_trust(settings)

    def motion_trust(self, settings: ClipSettings) -> np.ndarray:
        unknown = no_trust(self.info.frame_count)
        return settings.select_by_model(lambda model: self.trust.get(model, unknown))

    def raw_map(self, model: str, index: int, size: tuple[int, int]) -> np.ndarray | None:
        """A disc like the matte's, but soft all over."""
        fine = self.matte(model, index, np.zeros((size[1], size[0], 3), np.uint8), MatteSettings())
        return None if fine is None else fine * np.float32(0.5)

    def export(
        self,
        spec: JobSpec,
        *,
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> JobResult:
        self.specs.append(spec)
        if self.export_error is not None:
            raise self.export_error
        frames = spec.frames(self.info.frame_count)
        self.analyse(spec.settings, on_progress=on_progress, cancel=cancel)
        spec.output.write_bytes(b"matte")
        return JobResult(spec.output, len(frames), 1.5, "CPU", verified=True)

    def estimate(self, spec: JobSpec, cancel: threading.Event | None = None) -> JobEstimate:
        assert threading.current_thread() is not threading.main_thread()
        while self.gate is not None and not self.gate.acquire(timeout=0.01):
            if cancel is not None and cancel.is_set():
                self.cancelled_estimates += 1
                raise Cancelled
        pace = {"analyse": 0.5, "export": 0.2, "verify": 0.1}
        frames = len(spec.frames(self.info.frame_count))
        return JobEstimate(frames, frames, "CPU", pace, 2.0, 3_400_000, 640.0)

    def close(self) -> None:
        assert not self.closed, "closed twice"
        self.closed = True


class FakeBackend:
    """Hands out :class:`FakeClip`; paths whose name holds "missing" do not open."""

    def __init__(self, **clip: object) -> None:
        self.clips: list[FakeClip] = []
        self.info_changes = clip
        self.open_gate: threading.Event | None = None
        self.job_gate: threading.Semaphore | None = None
        self.job_error: Exception | None = None
        self.ran: list[JobSpec] = []
        self.pictured: list[Path] = []
        self.choices = SourceChoices()
        self.prepared: list[tuple[str, tuple[int, int], str]] = []

    def models(self) -> list[ModelRow]:
        return MODELS

    def prepare(self, model: str, size: tuple[int, int], device: str) -> None:
        assert threading.current_thread() is not threading.main_thread()
        self.prepared.append((model, size, device))

    def formats(self) -> list[FormatRow]:
        return FORMATS

    def open(self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> FakeClip:
        assert threading.current_thread() is not threading.main_thread()
        if self.open_gate is not None:
            self.open_gate.wait(10)
        if "missing" in path.name:
            raise MediaNotFound("no such file", where=path, fix="Check the name.")
        changes = {"source_settings": settings, **self.info_changes}
        clip = FakeClip(clip_info(path, **changes))  # type: ignore[arg-type]
        self.clips.append(clip)
        return clip

    def find_clips(self, paths: list[Path], *, recursive: bool) -> FoundClips:
        return LocalPipeline().find_clips(paths, recursive=recursive)

    def source_choices(self, path: Path, settings: SourceSettings) -> SourceChoices:
        assert threading.current_thread() is not threading.main_thread()
        return self.choices

    def thumbnail(self, path: Path, settings: SourceSettings, size: tuple[int, int]) -> np.ndarray:
        assert threading.current_thread() is not threading.main_thread()
        self.pictured.append(path)
        return np.full((size[1], size[0], 3), 128, np.uint8)

    def run(
        self, spec: JobSpec, *, on_progress: ProgressFn | None = None, cancel: threading.Event | None = None
    ) -> JobOutcome:
        assert threading.current_thread() is not threading.main_thread()
        self.ran.append(spec)
        if "bad" in spec.source.name:
            return JobOutcome(
                spec, "failed", 0.1, notes=("bad.mov: cannot be decoded. Copy it from the card again.",)
            )
        if self.job_error is not None:
            return JobOutcome(spec, "failed", 0.1, notes=(str(self.job_error),))
        while self.job_gate is not None and not self.job_gate.acquire(timeout=0.01):
            if cancel is not None and cancel.is_set():
                raise Cancelled
        if on_progress is not None:
            on_progress(Progress("export", 60, 60, 20.0, 1.0))
        if spec.output.parent.is_dir():
            spec.output.write_bytes(b"matte")
        return JobOutcome(spec, "done", 3.0, 60, working=2.4)


READ_ONLY = OutputError("the folder is read-only", where="/out", fix="Choose another folder.")

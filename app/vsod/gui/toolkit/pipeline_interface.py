"""What the window needs from the rest of the program, and nothing more.

The window is written against these protocols; :class:`LocalPipeline` fulfils them
with ``vsod.pipeline.clip_session``, imported at the first call so that the window
is on screen before any of the media or network libraries are touched.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from vsod.core.clip import ClipInfo
from vsod.core.clip_settings import ClipSettings
from vsod.core.frame import Frame
from vsod.core.job import JobResult, JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.output_frame import FileContent
from vsod.core.progress import AnalysisCoverage, ProgressFn
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceChoices, SourceSettings
from vsod.qc.frame_metrics import FrameMetrics
from vsod.qc.motion_trust import TrustValues

if TYPE_CHECKING:
    from vsod.pipeline.batch import JobOutcome
    from vsod.pipeline.clip_intermediates import MapInfo
    from vsod.pipeline.find_clips import FoundClips
    from vsod.pipeline.job_estimate import JobEstimate
    from vsod.pipeline.model_comparison import ModelComparison


class ModelChoice(Protocol):
    """A model to choose."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def summary(self) -> str: ...  # noqa: D102
    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def problem(self) -> str | None: ...  # noqa: D102
    @property
    def architecture(self) -> str: ...  # noqa: D102
    @property
    def published(self) -> str: ...  # noqa: D102
    @property
    def commercial_use(self) -> str: ...  # noqa: D102
    @property
    def training_data_terms(self) -> str: ...  # noqa: D102
    @property
    def training_data(self) -> str: ...  # noqa: D102
    @property
    def trained_on(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def good_clips(self) -> tuple[int, int] | None: ...  # noqa: D102
    @property
    def crf(self) -> str: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def measured(self) -> dict[str, Any]: ...  # noqa: D102


class FormatChoice(Protocol):
    """A kind of file to write."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def suffixes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def is_sequence(self) -> bool: ...  # noqa: D102
    @property
    def note(self) -> str: ...  # noqa: D102
    @property
    def layouts(self) -> tuple[FileContent, ...]: ...  # noqa: D102
    @property
    def image(self) -> str: ...  # noqa: D102
    @property
    def straight_only(self) -> bool: ...  # noqa: D102


class OpenClip(Protocol):
    """An open clip; see ``vsod.pipeline.clip_session.ClipSession`` for what each call promises."""

    @property
    def info(self) -> ClipInfo: ...  # noqa: D102

    def frame(self, index: int, *, size: tuple[int, int] | None = None) -> Frame: ...  # noqa: D102

    def frames(  # noqa: D102
        self, start: int, stop: int | None = None, *, size: tuple[int, int] | None = None
    ) -> Iterator[Frame]: ...

    def keyframe_before(self, index: int) -> int: ...  # noqa: D102

    def audio(self, index: int) -> Iterator[bytes]: ...  # noqa: D102

    def measure_metrics(  # noqa: D102
        self,
        model: str,
        settings: MatteSettings | None = None,
        *,
        frames: range | None = None,
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> None: ...

    def metrics(self, model: str, settings: MatteSettings | None = None) -> FrameMetrics: ...  # noqa: D102

    def analyse(  # noqa: D102
        self,
        settings: ClipSettings,
        *,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> bool | None: ...

    def use_adapted(self, settings: ClipSettings) -> None: ...  # noqa: D102

    def reload_maps(self, model: str) -> None: ...  # noqa: D102

    def export_coverage(self, settings: ClipSettings) -> AnalysisCoverage: ...  # noqa: D102

    def count_analysed(self, models: Sequence[str]) -> dict[str, int]: ...  # noqa: D102

    def matte(  # noqa: D102
        self,
        model: str,
        index: int,
        picture: npt.NDArray[np.uint8],
        settings: MatteSettings,
        *,
        alpha: npt.NDArray[np.uint8] | npt.NDArray[np.uint16] | None = None,
    ) -> npt.NDArray[np.float32] | None: ...

    def compare_models(  # noqa: D102
        self,
        models: list[str],
        count: int,
        settings: ClipSettings,
        *,
        within: range | None = None,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelComparison: ...

    def raw_map(  # noqa: D102
        self, model: str, index: int, size: tuple[int, int]
    ) -> npt.NDArray[np.float32] | None: ...

    def intermediate_maps(self, model: str) -> Sequence[MapInfo]: ...  # noqa: D102

    def intermediate(  # noqa: D102
        self, model: str, index: int, name: str
    ) -> npt.NDArray[np.uint8] | None: ...

    def compute_intermediates(  # noqa: D102
        self, model: str, index: int, *, device: str = "auto", cancel: threading.Event | None = None
    ) -> list[str]: ...

    def measure_motion_trust(  # noqa: D102
        self,
        settings: ClipSettings,
        frames: range,
        *,
        device: str = "auto",
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> TrustValues: ...

    def motion_trust(self, settings: ClipSettings) -> TrustValues: ...  # noqa: D102

    def export(  # noqa: D102
        self,
        spec: JobSpec,
        *,
        on_progress: ProgressFn | None = None,
        cancel: threading.Event | None = None,
    ) -> JobResult: ...

    def estimate(self, spec: JobSpec, cancel: threading.Event | None = None) -> JobEstimate: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class PipelineInterface(Protocol):
    """Where clips, models and formats come from. Every call may be slow: workers only."""

    def models(self) -> Sequence[ModelChoice]: ...  # noqa: D102
    def formats(self) -> Sequence[FormatChoice]: ...  # noqa: D102
    def prepare(self, model: str, size: tuple[int, int], device: str) -> None: ...  # noqa: D102
    def open(  # noqa: D102
        self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS
    ) -> OpenClip: ...
    def find_clips(self, paths: Sequence[Path], *, recursive: bool) -> FoundClips: ...  # noqa: D102
    def source_choices(self, path: Path, settings: SourceSettings) -> SourceChoices: ...  # noqa: D102
    def thumbnail(  # noqa: D102
        self, path: Path, settings: SourceSettings, size: tuple[int, int]
    ) -> npt.NDArray[np.uint8]: ...
    def run(  # noqa: D102
        self, spec: JobSpec, *, on_progress: ProgressFn | None = None, cancel: threading.Event | None = None
    ) -> JobOutcome: ...


class LocalPipeline:
    """The real thing."""

    def models(self) -> Sequence[ModelChoice]:
        """Models found on this machine."""
        import vsod.pipeline.clip_session  # noqa: F401  # long to load: it is there when the first clip comes
        from vsod.pipeline.catalogue import model_entries

        return model_entries()

    def formats(self) -> Sequence[FormatChoice]:
        """Formats this program writes."""
        from vsod.pipeline.catalogue import format_entries

        return format_entries()

    def prepare(self, model: str, size: tuple[int, int], device: str) -> None:
        """Load a model's network before it is asked for, for clips of this display size."""
        from vsod.pipeline.prepare_network import prepare_network

        prepare_network(model, size, device)

    def open(self, path: Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> OpenClip:
        """Open a video file or a folder of frames."""
        from vsod.pipeline.clip_session import ClipSession

        return ClipSession(path, settings)

    def find_clips(self, paths: Sequence[Path], *, recursive: bool) -> FoundClips:
        """The clips that are given, and those in folders that are given."""
        from vsod.pipeline.find_clips import take_clips

        return take_clips(paths, recursive=recursive)

    def source_choices(self, path: Path, settings: SourceSettings) -> SourceChoices:
        """What can be chosen about how a clip is read."""
        from vsod.pipeline.clip_session import source_choices

        return source_choices(path, settings)

    def thumbnail(self, path: Path, settings: SourceSettings, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
        """(h, w, 3) of a clip's first frame, inside ``size`` (width, height)."""
        from vsod.pipeline.clip_session import ClipSession

        with ClipSession(path, settings) as clip:
            width, height = clip.info.display_size
            scale = min(size[0] / width, size[1] / height)
            fitted = max(1, round(width * scale)), max(1, round(height * scale))
            return clip.frame(0, size=fitted).image

    def run(
        self, spec: JobSpec, *, on_progress: ProgressFn | None = None, cancel: threading.Event | None = None
    ) -> JobOutcome:
        """Do a job on a clip of its own; what was done before is not done again."""
        from vsod.pipeline.batch import run_batch

        told = None if on_progress is None else (lambda _spec: on_progress)
        return next(run_batch([spec], on_progress=told, cancel=cancel))

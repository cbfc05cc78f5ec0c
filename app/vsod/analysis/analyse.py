"""The one analysis loop: makes the maps that a request lacks, model by model, and adapts the clip's model."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from vsod.analysis.fill_store import fill_store, missing_ranges
from vsod.analysis.second_pass import adapt_predictor
from vsod.core.progress_meter import ProgressMeter
from vsod.inference.model_registry import require_model
from vsod.inference.predictor import Predictor
from vsod.media.sources.source import Source
from vsod.storage.clip_maps import seal
from vsod.storage.map_store import MapStore

OpenMapStore = Callable[[str], MapStore]
"""Gives the map store of a clip for a predictor's signature."""


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """Whose maps of which frames are wanted, and how they are made.

    Attributes:
        wanted: (model id, its frames), each model once, the clip's first; ranges in order, with all that
            smoothing reads.
        adapt: Frames that the clip's model is adapted to, and that it then analyses again; None = it stays as it is.
        device: See :func:`vsod.inference.devices.choose_device`.
        engine: ``"openvino"`` or ``"torch"``: kept apart from maps of the usual one; None = the usual one.
        use_flow: False analyses single pictures, without motion.
    """

    wanted: tuple[tuple[str, tuple[range, ...]], ...]
    adapt: range | None = None
    device: str = "auto"
    engine: str | None = None
    use_flow: bool = True


class ClipAnalysis:
    """The predictors and map stores of a request.

    Args:
        source: The clip.
        request: What is wanted of it.
        stores: Gives and keeps the map stores.

    Attributes:
        models, predictors, stores: By model id; once it has run, those of the adapted model, if it is trusted.
        adapted: Whether the clip's model was adapted; None if that was not asked for, or before it has run.
        seconds: How long each missing map took, once the network was loaded; by model id.

    Raises:
        ModelError: A model cannot be used.
    """

    def __init__(self, source: Source, request: AnalysisRequest, stores: OpenMapStore) -> None:
        self._source, self.request, self._open_store = source, request, stores
        self.models = {name: require_model(name) for name, _ in request.wanted}
        self.predictors = {
            name: Predictor(
                model, source.info.display_size, request.device, request.engine, use_flow=request.use_flow
            )
            for name, model in self.models.items()
        }
        apart = f"|{request.engine}" if request.engine else ""
        self.stores = {
            name: stores(f"{predictor.signature}{apart}") for name, predictor in self.predictors.items()
        }
        self.adapted: bool | None = None
        self.seconds: dict[str, float] = {}

    @property
    def missing(self) -> dict[str, int]:
        """How many maps of each model are still to be made, before any adaptation."""
        return {
            name: sum(len(gap) for part in frames for gap in missing_ranges(self.stores[name], part))
            for name, frames in self.request.wanted
        }

    @property
    def missing_total(self) -> int:
        """How many maps are still to be made, before any adaptation."""
        return sum(self.missing.values())

    @property
    def stages(self) -> dict[str, int]:
        """Frames to do, by stage name, for a progress meter."""
        again = {} if self.request.adapt is None else {"adapt": 1, "second pass": len(self.request.adapt)}
        return {"analyse": self.missing_total, **again}

    def load(self, cancel: threading.Event | None = None) -> str:
        """Load every network that has something to do; gives the device they run on."""
        missing = self.missing
        busy = [predictor for name, predictor in self.predictors.items() if missing[name]]
        for predictor in busy:
            predictor.load(cancel)
        return busy[0].device if busy else "map store"

    def run(self, meter: ProgressMeter, *, stage: str = "analyse", whole_clip: bool = True) -> None:
        """Make what is missing, one model after the other: each network is loaded for its turn alone.

        Args:
            meter: Counts the frames; its ``cancel`` stops the analysis.
            stage: What it is called.
            whole_clip: False for a few samples: they are not worth reading all of the file for its digest.

        Raises:
            Cancelled: ``meter.cancel`` was set; what is computed stays.
            ModelError: Weights or device are missing, or the network cannot adapt.
        """
        meter.check_cancelled()
        missing = self.missing
        busy = [(name, frames) for name, frames in self.request.wanted if missing[name]]
        if busy:
            first = self.predictors[busy[0][0]]
            if not first.loads_at_once:
                meter.start("prepare")
            first.load(meter.cancel)
            meter.start(stage)
        for name, frames in busy:
            predictor = self.predictors[name]
            predictor.load(meter.cancel)
            began = time.monotonic()
            _log.info(
                "%s: %d maps to make of %s on %s",
                name,
                missing[name],
                self._source.info.path,
                predictor.device,
            )
            self._make(predictor, self.stores[name], frames, meter)
            self.seconds[name] = (time.monotonic() - began) / missing[name]
            if whole_clip:
                seal(self.stores[name], self._source.info)
        if self.request.adapt is not None:
            self._adapt(self.request.adapt, meter)

    def _make(
        self, predictor: Predictor, store: MapStore, frames: tuple[range, ...], meter: ProgressMeter
    ) -> None:
        for part in frames:
            with closing(fill_store(self._source, predictor, store, part)) as indices:
                meter.track(indices)
        predictor.unload()

    def _adapt(self, frames: range, meter: ProgressMeter) -> None:
        """Adapt the clip's model and analyse again; nothing changes where the outcome is not to be trusted."""
        name = self.request.wanted[0][0]
        first = self.stores[name]
        meter.start("adapt")
        adapted, outcome = adapt_predictor(
            self._source,
            self.predictors[name],
            first.get,
            frames,
            first.folder,
            device=self.request.device,
            cancel=meter.cancel,
        )
        meter.step()
        self.adapted = outcome.trusted
        if not outcome.trusted:
            return
        second = self._open_store(adapted.signature)
        if missing_ranges(second, frames):
            adapted.load(meter.cancel)
            meter.start("second pass")
            self._make(adapted, second, (frames,), meter)
            seal(second, self._source.info)
        self.predictors[name], self.stores[name] = adapted, second


def analyse(
    source: Source,
    request: AnalysisRequest,
    stores: OpenMapStore,
    meter: ProgressMeter,
    *,
    stage: str = "analyse",
    whole_clip: bool = True,
) -> ClipAnalysis:
    """Make the maps that a request lacks, and give back the stores they are in.

    Args:
        source: The clip.
        request: What is wanted of it.
        stores: Gives and keeps the map stores.
        meter: Counts the frames; hears of the stages that it does not know.
        stage: See :meth:`ClipAnalysis.run`.
        whole_clip: See :meth:`ClipAnalysis.run`.

    Raises:
        Cancelled: ``meter.cancel`` was set; what is computed stays.
        ModelError: A model cannot be used.
    """
    analysis = ClipAnalysis(source, request, stores)
    meter.expect({stage if name == "analyse" else name: count for name, count in analysis.stages.items()})
    analysis.run(meter, stage=stage, whole_clip=whole_clip)
    return analysis

"""The models of a job: the clip's, and others for shots that have one of their own; their maps as export frames."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial

from vsod.analysis.analyse import ClipAnalysis, OpenMapStore
from vsod.analysis.fill_store import refill
from vsod.core.export_settings import ExportSettings
from vsod.core.frame import Frame
from vsod.core.job import JobSpec
from vsod.core.output_frame import FileContent, OutputFrame
from vsod.matte import export_frames
from vsod.media.sources.source import Source
from vsod.pipeline.analysis_requests import analysis_request
from vsod.storage.clip_stores import ClipStores


class JobModels:
    """What a job needs of its models.

    Args:
        clip: The job's source.
        spec: The job.
        frames: What it writes.
        stores: Gives the map stores, if they are open already; default: those in the user's cache.

    Attributes:
        analysis: Makes the maps that are missing.
        spans: Stretches of ``frames`` with one model and matte settings, what these leave to the model settled.
        models: The models and their weights in words.

    Raises:
        ModelError: A model cannot be used.
    """

    def __init__(
        self, clip: Source, spec: JobSpec, frames: range, stores: OpenMapStore | None = None
    ) -> None:
        self._clip = clip
        self._opened = ClipStores(clip.info)
        request = analysis_request(spec.settings, clip.info.frame_count, spec.device)
        self.analysis = ClipAnalysis(clip, request, stores or self._opened)
        models = self.analysis.models
        self.spans = [
            replace(span, matte=span.matte.for_model(models[span.model].crf))
            for span in spec.settings.spans(frames)
        ]
        self.models = ", ".join(f"{model.id} {model.sha256[:12]}" for model in models.values())

    def close(self) -> None:
        """Let go of the map stores that were opened for this job."""
        self._opened.close()

    def export_frames(
        self, export_settings: ExportSettings
    ) -> Generator[tuple[Frame, dict[FileContent, OutputFrame]], None, None]:
        """Every frame with its picture for every file, part after part."""
        for span in self.spans:
            store = self.analysis.stores[span.model]
            again = partial(refill, self._clip, self.analysis.predictors[span.model], store)
            pictures = export_frames.export_frames(
                self._clip, store, span.frames, span.matte, export_settings, again
            )
            with closing(pictures) as ready:
                yield from ready

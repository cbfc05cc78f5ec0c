"""What a sink is opened for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.core.export_settings import ExportSettings
from vsod.core.output_frame import FileContent
from vsod.media.formats.table import Coding, ExportFormat


@dataclass(frozen=True, slots=True, eq=False)
class SinkTarget:
    """One file, or folder of images, that is to be written.

    Attributes:
        path: Where it goes.
        format: How it is written.
        info: The source it lies over.
        frames: The source frames it covers.
        content: What it holds.
        export_settings: Sound, names, numbers.
        tags: Notes to put into it, for example the model's name.
    """

    path: Path
    format: ExportFormat
    info: ClipInfo
    frames: range
    content: FileContent
    export_settings: ExportSettings
    tags: dict[str, str]

    @property
    def coding(self) -> Coding:
        """How the format carries the layout.

        Raises:
            UsageError: It cannot.
        """
        return self.format.coding(self.content)

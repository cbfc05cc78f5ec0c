"""What a sink is opened for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vsod.core.clip import ClipInfo
from vsod.core.export_settings import Delivery
from vsod.core.output_frame import Layout
from vsod.media.formats.table import Coding, Format


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One file, or folder of images, that is to be written.

    Attributes:
        path: Where it goes.
        format: How it is written.
        info: The source it lies over.
        frames: The source frames it covers.
        layout: What it holds.
        delivery: Sound, names, numbers.
        tags: Notes to put into it, for example the model's name.
    """

    path: Path
    format: Format
    info: ClipInfo
    frames: range
    layout: Layout
    delivery: Delivery
    tags: dict[str, str]

    @property
    def coding(self) -> Coding:
        """How the format carries the layout.

        Raises:
            UsageError: It cannot.
        """
        return self.format.coding(self.layout)

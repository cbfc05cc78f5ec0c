"""What there is to choose about how a source is read, without opening it as a clip: that may need the choice."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from vsod.core.name_patterns import frame_pattern
from vsod.core.source_settings import SourceChoices, SourceSettings
from vsod.media.formats.input_limits import OPENIMAGEIO_SUFFIXES
from vsod.media.images.image_reader import image_layers
from vsod.media.images.image_selection import select_images
from vsod.media.sources.container import open_input
from vsod.media.sources.stream_selection import choose_stream, describe
from vsod.media.sources.unreadable_file import refuse_special


def source_choices(path: Path, settings: SourceSettings) -> SourceChoices:
    """What could be chosen for a video file, an image, a folder of images, or a pattern.

    Args:
        path: It.
        settings: How it is read now: what is held or closed up is told all the same.

    Raises:
        MediaError: It cannot be read.
        UsageError: It is a folder of several sequences.
    """
    refuse_special(path)
    if (
        path.is_dir()
        or (not path.exists() and frame_pattern(path))
        or path.suffix.lower() in OPENIMAGEIO_SUFFIXES
    ):
        images = select_images(path, replace(settings, gaps="hold"))
        layers = image_layers(images.folder / images.names[0])
        return SourceChoices(layers=layers, missing_numbers=images.missing, has_rate=False)
    with open_input(path) as container:
        usual, others = choose_stream(container, path)
        streams = {s.index: (s.index, _described(describe(s), s.average_rate)) for s in (usual, *others)}
        return SourceChoices(tuple(streams[number] for number in sorted(streams)), usual.index)


def _described(what: str, rate: Fraction | None) -> str:
    return f"{what}, {float(rate):.5g} fps" if rate else what

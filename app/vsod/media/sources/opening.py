"""A path in, the source of its frames out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vsod.core.clip import SequencePart
from vsod.core.name_patterns import frame_pattern
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import MediaNotFound
from vsod.media.formats.input_limits import IMAGE_SUFFIXES, OPENIMAGEIO_SUFFIXES
from vsod.media.images.image_selection import sequence_of, sequence_path
from vsod.media.sources.image_sequence import ImageSequenceSource
from vsod.media.sources.source import Source
from vsod.media.sources.unreadable_file import refuse_special
from vsod.media.sources.video_source import VideoSource

_FOURTH_BYTE = ("rawvideo", "tga", "dpx", "sgi")


def open_source(path: str | Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> Source:
    """Open a video file, an image, a folder of images, or a pattern such as ``shot.####.png``.

    Args:
        path: It.
        settings: How it is read.

    Raises:
        MediaNotFound: Nothing is there.
        UnreadableMedia: It is no video, or its header is damaged.
        NoVideo: It has no moving picture, or the folder no images.
        UsageError: What is to be read must be chosen: a sequence, a layer, a stream.
    """
    path = Path(path)
    if path.is_dir() or (not path.exists() and frame_pattern(path)):
        return _without_empty_alpha(ImageSequenceSource(path, settings))
    if not path.exists():
        raise MediaNotFound(
            "no such file or folder", where=path, fix="Check the spelling and that the drive is connected."
        )
    refuse_special(path)
    if path.suffix.lower() in OPENIMAGEIO_SUFFIXES:
        source: Source = ImageSequenceSource(path, settings)
    else:
        source = VideoSource(path, settings)
    sequence = sequence_of(path) if path.suffix.lower() in IMAGE_SUFFIXES else None
    source = _without_empty_alpha(source)
    if sequence is not None:
        told = (
            f"it is one of a sequence of {len(sequence.names)} images: to take all, give the folder, "
            f"or {path.parent / sequence.pattern}"
        )
        part = SequencePart(
            sequence_path(path.parent, sequence),
            sequence.title,
            sequence.numbers[sequence.names.index(path.name)],
            len(sequence.names),
        )
        source.info = replace(source.info, warnings=(*source.info.warnings, told), part_of=part)
    return source


def _without_empty_alpha(source: Source) -> Source:
    """A source whose alpha channel is taken for none where it is nothing but zeros that nobody meant.

    Programs that know no alpha leave the fourth byte of such pixels at 0.
    """
    info = source.info
    if info.alpha and info.codec in _FOURTH_BYTE and info.source_settings.alpha == "multiply":
        places = {0, info.frame_count // 2, info.frame_count - 1}
        found = [source.frame_at(index, size=(16, 16)).alpha for index in places]
        if all(alpha is not None and not alpha.any() for alpha in found):
            told = "its alpha channel is empty, and left aside"
            source.info = replace(info, alpha="", warnings=(*info.warnings, told))
    return source

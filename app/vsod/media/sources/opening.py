"""A path in, the source of its frames out."""

from __future__ import annotations

from pathlib import Path

from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.errors import MediaNotFound
from vsod.media.sources.image_sequence import ImageSequenceSource
from vsod.media.sources.source import Source
from vsod.media.sources.video_source import VideoSource


def open_source(path: str | Path, settings: SourceSettings = DEFAULT_SOURCE_SETTINGS) -> Source:
    """Open a video file or a folder of images.

    Args:
        path: The file or folder.
        settings: How it is read.

    Raises:
        MediaNotFound: Nothing is there.
        UnreadableMedia: It is no video, or its header is damaged.
        NoVideo: It has no moving picture, or the folder no images.
    """
    path = Path(path)
    if not path.exists():
        raise MediaNotFound(
            "no such file or folder", where=path, fix="Check the spelling and that the drive is connected."
        )
    return ImageSequenceSource(path, settings) if path.is_dir() else VideoSource(path, settings)

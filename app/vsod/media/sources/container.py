"""Opening a file with FFmpeg, and saying in plain words why it cannot be opened."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import av
import av.error
import av.logging
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Discard
from av.video.stream import VideoStream

from vsod.core.size_limits import check_pixels
from vsod.errors import MediaError, MediaNotFound
from vsod.media.formats.input_limits import decoder_options, open_options
from vsod.media.images.image_header import check_image
from vsod.media.sources.unreadable_file import explain_codec, explain_refusal, refuse_special
from vsod.media.sources.vp9_header import AlphaDecoder


def _unknown_side_data(kind: type[Enum], value: object) -> Enum:
    """A name for a kind of side data that PyAV does not know yet.

    PyAV names every entry of a frame when one is asked for, and fails at the first that its table lacks: EXIF,
    among others, up to 18.1.
    """
    entry = object.__new__(kind)
    entry._value_, entry._name_ = value, f"UNKNOWN_{value}"
    return entry


SideDataType._missing_ = classmethod(_unknown_side_data)  # type: ignore[assignment,method-assign]

# libav writes its complaints to stderr from C; ours are raised, so its own would be said twice.
av.logging.set_level(None)


def open_input(path: Path, file: object | None = None) -> InputContainer:
    """Open ``path`` for reading: what :mod:`vsod.media.formats.input_limits` lets in, and no other file.

    Args:
        path: The file; names the error.
        file: A file-like object to read instead of the path.

    Raises:
        MediaNotFound: There is no such file.
        UnreadableMedia: FFmpeg does not recognise it, its header is damaged or missing, its pictures are too
            large, or it is a list of other files.
        MediaError: The operating system refuses it.
    """
    if not path.exists():
        raise MediaNotFound(
            "no such file", where=path, fix="Check the spelling and that the drive is connected."
        )
    refuse_special(path)
    check_image(path)
    # An absolute path: a name such as "data:x.mp4" must never be read as a protocol.
    target = str(path.absolute()) if file is None else file
    try:
        tags = _tag_options(av.__version__)
        container: InputContainer = av.open(target, mode="r", options=open_options(), **tags)
    except PermissionError as error:
        raise MediaError(
            "no permission to read this file", where=path, fix="Change its permissions."
        ) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise explain_refusal(error, path) from error
    for stream in container.streams:
        stream.discard = Discard.all
    return container


def _tag_options(version: str) -> dict[str, Any]:
    """How PyAV is told to read tags that are no UTF-8; from 19 on it needs no telling, and refuses to be told."""
    return {"metadata_errors": "replace"} if int(version.partition(".")[0]) < 19 else {}


def open_decoder(stream: VideoStream) -> VideoStream | AlphaDecoder:
    """What decodes a stream's packets; FFmpeg's own decoders of VP8 and VP9 would drop an alpha channel."""
    notes = {key.lower(): value for key, value in stream.metadata.items()}
    codec = stream.codec_context.name
    if codec in ("vp8", "vp9") and notes.get("alpha_mode") == "1":
        return AlphaDecoder(codec)
    return stream


def video_stream(container: InputContainer, path: Path, number: int) -> VideoStream:
    """A video stream by its number in the file, made ready to be read.

    Raises:
        UnreadableMedia: Its codec is unknown to this FFmpeg, or its pictures are too large.
    """
    stream = next(s for s in container.streams.video if s.index == number)
    if stream.codec_context is None:
        raise explain_codec(path, container.streams.video.index(stream))
    check_pixels(stream.codec_context.width, stream.codec_context.height, path)
    stream.codec_context.options = decoder_options()
    stream.discard = Discard.default
    return stream

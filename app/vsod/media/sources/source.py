"""Sources: one way to read a video file and a folder of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from vsod.core.clip import ClipInfo
from vsod.core.frame import Frame
from vsod.media.pixels.conversion import PixelFormat


class Source(Protocol):
    """Frames of a clip, by ordinal. A context manager."""

    @property
    def info(self) -> ClipInfo:
        """Raster, clock and tags of the clip."""

    @property
    def notes(self) -> Sequence[str]:
        """What was noticed while decoding, for the user; grows with it."""

    def frames(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        size: tuple[int, int] | None = None,
        pixels: PixelFormat = "rgb",
    ) -> Iterator[Frame]:
        """Decode ``start`` to ``stop`` in order, one frame for every index.

        Each call reads the file on its own, so that two may run in two threads. It is a
        generator: closing it releases the file.

        Args:
            start: First ordinal.
            stop: One past the last; None for the end.
            size: (width, height) of the upright pictures; None for the clip's own.
            pixels: ``"rgb"``, ``"rgb48"`` (fills ``Frame.deep`` as well) or ``"luma"`` (full range,
                straight from the Y plane).

        Raises:
            UsageError: The range lies outside the clip.
        """

    def picture_hashes(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """(index, :attr:`Frame.picture_hash`) of a range, for the price of decoding alone; a generator.

        Raises:
            UsageError: The range lies outside the clip.
        """

    def frame_at(
        self, index: int, *, size: tuple[int, int] | None = None, pixels: PixelFormat = "rgb"
    ) -> Frame:
        """One frame, exactly, without its hash; stepping forward is cheap. Thread safe.

        Raises:
            UsageError: There is no such frame.
        """

    def keyframe_before(self, index: int) -> int:
        """The frame at or before ``index`` that decodes without others, as far as that is known."""

    def close(self) -> None:
        """Release the file. Iterators already running keep their own hold."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

"""The base of everything frames are read from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from types import TracebackType
from typing import Self

from vsod.core.clip import ClipInfo, check_range
from vsod.core.frame import Frame
from vsod.media.pixels.conversion import PixelFormat


class Source(ABC):
    """Frames of a clip, by ordinal. A context manager.

    A new kind of source sets :attr:`info` and :attr:`notes` when it is opened and implements the
    methods below; ranges are checked here. ``tests/media/sources/test_source_contract.py`` holds
    every source to what is promised.

    Attributes:
        info: Raster, clock and tags of the clip.
        notes: What was noticed while decoding, for the user; may grow while frames are read.
    """

    info: ClipInfo
    notes: Sequence[str]

    def frames(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        size: tuple[int, int] | None = None,
        pixels: PixelFormat = "rgb",
    ) -> Generator[Frame, None, None]:
        """Decode ``start`` to ``stop`` in order, one frame for every index.

        Each call reads the file on its own, so that two may run in two threads. Closing the
        generator releases the file.

        Args:
            start: First ordinal.
            stop: One past the last; None for the end.
            size: (width, height) of the upright pictures; None for the clip's own.
            pixels: ``"rgb"``, ``"rgb48"`` (fills ``Frame.image_16bit`` as well) or ``"luma"`` (full range,
                straight from the Y plane).

        Raises:
            UsageError: The range lies outside the clip.
        """
        return self._frames(range(start, check_range(self.info, start, stop)), size, pixels)

    def picture_hashes(
        self, start: int = 0, stop: int | None = None
    ) -> Generator[tuple[int, bytes], None, None]:
        """(index, :attr:`Frame.picture_hash`) of a range, for the price of decoding alone.

        Raises:
            UsageError: The range lies outside the clip.
        """
        return self._picture_hashes(range(start, check_range(self.info, start, stop)))

    def frame_at(
        self, index: int, *, size: tuple[int, int] | None = None, pixels: PixelFormat = "rgb"
    ) -> Frame:
        """One frame, exactly, without its hash; stepping forward is cheap. Thread safe.

        Raises:
            UsageError: There is no such frame.
        """
        check_range(self.info, index, index + 1)
        return self._frame_at(index, size, pixels)

    @abstractmethod
    def _frames(
        self, wanted: range, size: tuple[int, int] | None, pixels: PixelFormat
    ) -> Generator[Frame, None, None]:
        """As :meth:`frames`, of a range inside the clip."""

    @abstractmethod
    def _picture_hashes(self, wanted: range) -> Generator[tuple[int, bytes], None, None]:
        """As :meth:`picture_hashes`, of a range inside the clip."""

    @abstractmethod
    def _frame_at(self, index: int, size: tuple[int, int] | None, pixels: PixelFormat) -> Frame:
        """As :meth:`frame_at`, of a frame inside the clip."""

    def keyframe_before(self, index: int) -> int:
        """The frame at or before ``index`` that decodes without others: itself, where every frame does."""
        return index

    def close(self) -> None:
        """Release the file. Generators already running keep their own hold."""
        return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

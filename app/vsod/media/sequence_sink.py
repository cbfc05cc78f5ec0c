"""Writing a matte as a folder of PNG images."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2

from vsod.core.clip import ClipInfo
from vsod.errors import OutputError
from vsod.media.atomic import commit_folder, discard, output_error, partial_path
from vsod.media.formats import Format
from vsod.media.levels import Matte, encode

# Level 1 halves the time of the default and costs a few per cent of size on a matte.
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]


class SequenceSink:
    """A folder of PNGs. See :class:`vsod.media.sinks.Sink`; made by ``open_sink``.

    Images are named after the source's images, or ``<clip>_matte.<source frame number>.png``.
    """

    def __init__(self, path: Path, fmt: Format, info: ClipInfo, frames: range, tags: dict[str, str]) -> None:
        self.warnings: list[str] = []
        self._path, self._format, self._info, self._frames = path, fmt, info, frames
        self._partial = partial_path(path)
        self._names = frame_names(info)
        self._next = frames.start
        self._open = True
        discard(self._partial)
        try:
            self._partial.mkdir()
            if path.is_dir():
                # Permission to add files may be missing although the parent's is there.
                probe = path / self._partial.name
                probe.touch()
                probe.unlink()
        except OSError as error:
            discard(self._partial)
            raise output_error(error, path) from error

    def write(self, index: int, matte: Matte) -> None:
        """See :class:`vsod.media.sinks.Sink`."""
        if not self._open or index != self._next or index >= self._frames.stop:
            raise ValueError(f"frame {index} written where {self._next} is due")
        if matte.shape != self._info.upright_size[::-1]:
            raise ValueError(f"matte is {matte.shape}, the clip {self._info.upright_size[::-1]} (H, W)")
        codes = encode(matte, self._format.levels, self._format.bit_depth)
        ok, data = cv2.imencode(".png", codes, _PNG)
        try:
            if not ok:
                raise OSError("the image could not be encoded")
            # Encoded in memory: OpenCV's own writer takes no Unicode paths on Windows.
            (self._partial / self._names[index]).write_bytes(data.tobytes())
        except OSError as error:
            self.abort()
            raise output_error(error, self._path) from error
        self._next += 1

    def close(self) -> Path:
        """See :class:`vsod.media.sinks.Sink`."""
        if not self._open:
            return self._path
        if self._next != self._frames.stop:
            self.abort()
            raise OutputError(
                f"{self._next - self._frames.start} of {len(self._frames)} frames were written",
                where=self._path,
                fix="Export again; if it happens again, report it.",
            )
        self._open = False
        try:
            commit_folder(self._partial, self._path)
        except OSError as error:
            self.abort()
            raise output_error(error, self._path) from error
        return self._path

    def abort(self) -> None:
        """See :class:`vsod.media.sinks.Sink`."""
        self._open = False
        discard(self._partial)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def frame_names(info: ClipInfo) -> list[str]:
    """The PNG name of every source frame, all different."""
    if not info.names:
        digits = max(6, len(str(info.frame_count - 1)))
        return [f"{info.path.stem}_matte.{index:0{digits}d}.png" for index in range(info.frame_count)]
    stems = Counter(Path(name).stem.casefold() for name in info.names)
    # a.jpg and a.png in one folder would both become a.png.
    return [
        f"{Path(name).stem}.png" if stems[Path(name).stem.casefold()] == 1 else f"{name}.png"
        for name in info.names
    ]

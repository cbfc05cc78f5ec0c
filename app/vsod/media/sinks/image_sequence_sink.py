"""Writing a folder of images."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from vsod.core.output_frame import OutputFrame
from vsod.errors import OutputError
from vsod.media.pixels.exr import import_openexr
from vsod.media.sinks.image_files import encode_image
from vsod.media.sinks.image_names import image_names
from vsod.media.sinks.target import SinkTarget
from vsod.storage.atomic import (
    commit_together,
    create_partial,
    create_partial_folder,
    discard,
    output_error,
    place_of,
    remove_stale_partials,
    sync,
)
from vsod.storage.partial_files import write_new


class ImageSequenceSink:
    """A folder of images. See :class:`vsod.media.sinks.sink.Sink`; made by ``open_sink``.

    Their names: :func:`vsod.media.sinks.image_names.image_names`. They stand upright.
    """

    def __init__(self, target: SinkTarget) -> None:
        self.warnings: list[str] = []
        self._path, self._info, self._frames = path, info, frames = target.path, target.info, target.frames
        self._layout, self._coding = target.content, target.coding
        self._compression = target.delivery.compression
        if self._coding.codec == "exr":
            import_openexr()
        # a link to a folder is followed: its partial must lie on the same volume
        place = place_of(path.absolute())
        remove_stale_partials(place)
        self._partial: Path | None = None
        self._names = image_names(info, frames, target.format.image, target.content, target.delivery)
        self._next = frames.start
        self._open = True
        try:
            self._partial = create_partial_folder(place)
            if path.is_dir():
                # Permission to add files may be missing although the parent's is there.
                probe, file = create_partial(place / "probe")
                file.close()
                probe.unlink()
        except OSError as error:
            self.abort()
            raise output_error(error, path) from error

    def write(self, index: int, picture: OutputFrame) -> None:
        """See :class:`vsod.media.sinks.sink.Sink`."""
        if not self._open or index != self._next or index >= self._frames.stop:
            raise ValueError(f"frame {index} written where {self._next} is due")
        if picture.content != self._layout or picture.size != self._info.upright_size:
            raise ValueError(
                f"a {picture.content} of {picture.size} where a {self._layout} of {self._info.upright_size} is due"
            )
        try:
            # Encoded in memory: OpenCV's own writer takes no Unicode paths on Windows.
            data = encode_image(picture, self._coding, self._compression)
            assert self._partial is not None
            write_new(self._partial / self._names[index - self._frames.start], data)
        except OSError as error:
            self.abort()
            raise output_error(error, self._path) from error
        self._next += 1

    def finish(self) -> tuple[Path, Path]:
        """See :class:`vsod.media.sinks.sink.Sink`."""
        assert self._partial is not None
        if not self._open:
            return self._partial, self._path
        if self._next != self._frames.stop:
            self.abort()
            raise OutputError(
                f"{self._next - self._frames.start} of {len(self._frames)} frames were written",
                where=self._path,
                fix="Export again; if it happens again, report it.",
            )
        self._open = False
        try:
            for file in self._partial.iterdir():
                sync(file)
        except OSError as error:
            self.abort()
            raise output_error(error, self._path) from error
        return self._partial, self._path

    def close(self) -> Path:
        """See :class:`vsod.media.sinks.sink.Sink`."""
        if self._open:
            commit_together([self.finish()])
        return self._path

    def abort(self) -> None:
        """See :class:`vsod.media.sinks.sink.Sink`."""
        self._open = False
        if self._partial is not None:
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

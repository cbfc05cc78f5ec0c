"""Writing a folder of images."""

from __future__ import annotations

from vsod.core.output_frame import OutputFrame
from vsod.media.sinks.image_files import encode_image
from vsod.media.sinks.image_names import image_names
from vsod.media.sinks.sink import Sink
from vsod.media.sinks.target import SinkTarget
from vsod.storage.atomic import (
    create_partial,
    create_partial_folder,
    output_error,
    place_of,
    remove_stale_partials,
    sync,
)
from vsod.storage.partial_files import write_new


class ImageSequenceSink(Sink):
    """A folder of images. See :class:`vsod.media.sinks.sink.Sink`; made by ``open_sink``.

    Their names: :func:`vsod.media.sinks.image_names.image_names`. They stand upright.
    """

    def __init__(self, target: SinkTarget) -> None:
        super().__init__(target)
        path, info, frames = target.path, target.info, target.frames
        self._info = info
        self._content, self._coding = target.content, target.coding
        self._compression = target.export_settings.compression
        # a link to a folder is followed: its partial must lie on the same volume
        place = place_of(path.absolute())
        remove_stale_partials(place)
        self._names = image_names(info, frames, target.format.image, target.content, target.export_settings)
        try:
            self.partial = create_partial_folder(place)
            if path.is_dir():
                # Permission to add files may be missing although the parent's is there.
                probe, file = create_partial(place / "probe")
                file.close()
                probe.unlink()
        except OSError as error:
            self.abort()
            raise output_error(error, path) from error

    def _write(self, index: int, picture: OutputFrame) -> None:
        if picture.content != self._content or picture.size != self._info.upright_size:
            raise ValueError(
                f"a {picture.content} of {picture.size} where a {self._content} of {self._info.upright_size} is due"
            )
        # Encoded in memory: OpenCV's own writer takes no Unicode paths on Windows.
        data = encode_image(picture, self._coding, self._compression, self._info.origin)
        assert self.partial is not None
        write_new(self.partial / self._names[index - self._frames.start], data)

    def _complete(self) -> None:
        assert self.partial is not None
        for file in self.partial.iterdir():
            sync(file)

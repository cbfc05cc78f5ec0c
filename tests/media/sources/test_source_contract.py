"""What every source promises, whatever it reads. A new one gets a row in ``KINDS``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from helpers.clips import make
from vsod.errors import UsageError
from vsod.media.sinks.sink import Sink
from vsod.media.sources.image_sequence import ImageSequenceSource
from vsod.media.sources.opening import open_source
from vsod.media.sources.source import Source
from vsod.media.sources.video_source import VideoSource

KINDS = {
    "cfr": VideoSource,
    "vfr-mkv": VideoSource,
    "corrupt-gop": VideoSource,
    "images": ImageSequenceSource,
}


@pytest.fixture(scope="module", params=list(KINDS))
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, type]:
    return make(request.param, tmp_path_factory.mktemp("clip")).path, KINDS[request.param]


@pytest.fixture
def source(clip: tuple[Path, type]) -> Iterator[Source]:
    path, kind = clip
    with open_source(path) as opened:
        assert type(opened) is kind
        yield opened


def test_a_range_outside_the_clip_is_refused_when_it_is_asked_for(source: Source) -> None:
    count = source.info.frame_count
    for start, stop in ((-1, 3), (0, count + 1), (count + 1, None), (5, 2)):
        with pytest.raises(UsageError):
            source.frames(start, stop)
        with pytest.raises(UsageError):
            source.picture_hashes(start, stop)
    for index in (-1, count):
        with pytest.raises(UsageError):
            source.frame_at(index)


def test_frames_come_in_order_and_are_the_same_however_they_are_read(source: Source) -> None:
    frames = list(source.frames(4, 9))
    assert [f.index for f in frames] == [4, 5, 6, 7, 8]
    assert list(source.picture_hashes(4, 9)) == [(f.index, f.picture_hash) for f in frames]
    for frame in (frames[3], frames[0], frames[1]):
        again = source.frame_at(frame.index)
        assert np.array_equal(again.image, frame.image) and again.held == frame.held
        assert again.pts == frame.pts == int(source.info.pts[frame.index])


def test_pictures_have_the_size_and_kind_that_was_asked_for(source: Source) -> None:
    small, luma = (next(source.frames(2, size=(48, 32), pixels=p)) for p in ("rgb", "luma"))
    assert small.image.shape == (32, 48, 3) and luma.image.shape == (32, 48)
    assert source.frame_at(2, size=(48, 32)).image.shape == (32, 48, 3)
    assert source.frame_at(2, pixels="rgb48").image_16bit is not None


def test_two_readings_run_side_by_side_and_outlive_a_close(source: Source) -> None:
    with open_source(source.info.path) as other:
        first, second = other.frames(), other.frames(3)
        ahead = [next(second).index, next(first).index, next(second).index]
        other.close()
        assert ahead == [3, 0, 4] and next(first).index == 1
        first.close()
        second.close()
        assert other.frame_at(6).index == 6


def test_a_frame_that_decodes_alone_lies_at_or_before(source: Source) -> None:
    for index in range(0, source.info.frame_count, 7):
        key = source.keyframe_before(index)
        assert 0 <= key <= index and source.keyframe_before(key) == key


@pytest.mark.parametrize("base", [Source, Sink])
def test_a_base_that_lacks_its_methods_is_not_opened(base: type) -> None:
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (base,), {})()

"""Reading in several places at once, and letting go."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from helpers import graycode
from helpers.clips import Recipe, write_clip
from vsod.media.sources.opening import open_source
from vsod.media.sources.source import Source


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = Recipe(count=120, options={"g": "12", "bf": "2"})
    return write_clip(tmp_path_factory.mktemp("t") / "a.mp4", recipe).path


def test_two_iterations_do_not_disturb_each_other(path: Path) -> None:
    with open_source(path) as source:
        one, two = source.frames(), source.frames(30)
        for index in range(20):
            assert graycode.read(next(one).image) == index
            assert graycode.read(next(two).image) == 30 + index
            assert graycode.read(source.frame_at(100 - index).image) == 100 - index
        one.close()
        two.close()


def test_threads_share_a_source(path: Path) -> None:
    wrong: list[object] = []

    def walk(source: Source, start: int) -> None:
        try:
            for frame in source.frames(start, start + 40):
                if graycode.read(frame.image) != frame.index:
                    wrong.append(frame.index)
                at = (frame.index * 7) % 120
                if graycode.read(source.frame_at(at).image) != at:
                    wrong.append(at)
        except Exception as error:
            wrong.append(error)

    with open_source(path) as source:
        threads = [threading.Thread(target=walk, args=(source, start)) for start in (0, 40, 80)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_abandoning_an_iteration_releases_the_file(path: Path) -> None:
    with open_source(path) as source:
        for _ in range(5):
            frames = source.frames()
            next(frames)
            frames.close()
        source.frame_at(3)


def test_a_closed_source_can_still_be_read(path: Path) -> None:
    source = open_source(path)
    source.close()
    assert source.frame_at(5).index == 5
    source.close()
    source.close()


def test_images_are_the_callers_own(path: Path) -> None:
    with open_source(path) as source:
        kept = [f.image for f in source.frames(0, 30)]
        kept[0][:] = 0
        assert [graycode.read(k) for k in kept[1:]] == list(range(1, 30))
        for luma in source.frames(0, 3, pixels="luma"):
            luma.image[:] = 0

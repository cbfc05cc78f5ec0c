"""What the window shows of an open clip."""

import cv2
import numpy as np
import pytest

from helpers.clips import make, unseen
from vsod.core.matte_settings import MatteSettings
from vsod.pipeline.clip_session import ClipSession


@pytest.fixture
def session(tmp_path):
    (tmp_path / "new").mkdir()
    with ClipSession(unseen(make("cfr", tmp_path).path, tmp_path / "new")) as made:
        yield made


@pytest.mark.parametrize(
    "changes",
    [{"feather": 6.0}, {"grow": 9.0}, {"grow": -9.0}, {"despeckle": 600}, {"fill_holes": 600}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_picture_that_is_shown_smaller_has_the_matte_of_the_export(session, changes):
    """Pixels of the settings are the source's: a feather is no wider in a window that shows half of the size."""
    width, height = session.info.display_size
    y, x = np.mgrid[:height, :width] / height
    disc = np.hypot(y - 0.5, x - 0.6) < 0.3
    disc |= np.hypot(y - 0.2, x - 0.15) < 0.06  # an island
    disc &= np.hypot(y - 0.5, x - 0.6) > 0.06  # a hole
    session._store("swift").put(0, disc.astype(np.float32))
    settings = MatteSettings(temporal_smoothing=0.0, edges="plain", **changes)
    half = width // 2, height // 2
    plain = session.matte(
        "swift", 0, session.frame(0, size=half).image, MatteSettings(temporal_smoothing=0.0)
    )
    full = session.matte("swift", 0, session.frame(0).image, settings)
    small = session.matte("swift", 0, session.frame(0, size=half).image, settings)
    wanted = cv2.resize(full, half, interpolation=cv2.INTER_AREA)
    assert np.abs(small - wanted).mean() < 0.25 * np.abs(plain - wanted).mean()


def test_how_far_each_model_is_is_told_without_a_store_for_the_question(session):
    session._store("swift").put(0, np.ones((8, 8), np.float32))
    opened = dict(session._stores._opened)
    assert session.count_analysed(["swift", "studio", "nobody"]) == {"swift": 1, "studio": 0}
    assert session._stores._opened == opened

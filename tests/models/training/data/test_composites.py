"""Subjects before other grounds: picture and mask stay together, seams and bars are where they are said to be."""

import numpy as np
import pytest

from vsod_models.training.data import composites
from vsod_models.training.data.composites import composite, is_whole

GREEN = np.full((90, 160, 3), (0, 120, 0), np.uint8)
OLD = np.zeros((90, 160), np.uint8)
OLD[30:60, 100:140] = 255
BLUE = np.where(OLD[..., None] > 0, np.array((0, 0, 250), np.uint8), GREEN)  # with the subject that is to go


@pytest.fixture
def subject():
    """A red disc on black, and its mask."""
    y, x = np.mgrid[0:100, 0:120]
    mask = (np.hypot(x - 60, y - 50) < 30).astype(np.uint8) * 255
    return np.where(mask[..., None] > 0, np.array((200, 0, 0), np.uint8), np.uint8(0)), mask


def near(pixels):
    """All of them show the ground, or what was filled in after it."""
    return np.abs(pixels.astype(int) - GREEN[0, 0]).max() <= 3


def plain(monkeypatch, occluded=0.0, blurred=0.0):
    monkeypatch.setattr(composites, "OCCLUDED", occluded)
    monkeypatch.setattr(composites, "BLURRED", blurred)


def test_the_mask_says_where_the_subject_is(subject, monkeypatch):
    plain(monkeypatch)
    shares = []
    for seed in range(20):
        picture, mask = composite(*subject, BLUE, OLD, np.random.default_rng(seed))
        assert picture.shape == (90, 160, 3) and mask.shape == (90, 160)
        assert (picture[mask == 255][:, 1] == 0).all() and (picture[mask == 255][:, 0] >= 155).all()
        assert near(picture[mask == 0])  # nothing is left of the old one
        assert mask[45, 120] > 127  # where the old one stood
        shares.append((mask > 127).mean() / (OLD > 127).mean())
    assert 0.9 < min(shares) < 1.2 and 1.7 < max(shares) <= 2.1


def test_half_a_subject_shows_half_the_ground(subject, monkeypatch):
    plain(monkeypatch, blurred=1.0)
    picture, mask = composite(*subject, BLUE, OLD, np.random.default_rng(3))
    soft = (mask > 20) & (mask < 235)
    assert soft.sum() > 0.05 * (mask > 127).sum()  # the streak
    assert np.abs(picture[soft][:, 1] - 120 * (1 - mask[soft] / 255)).max() <= 3


def test_something_in_front_is_no_subject(subject, monkeypatch):
    plain(monkeypatch)
    _, whole = composite(*subject, BLUE, OLD, np.random.default_rng(2))
    plain(monkeypatch, occluded=1.0)
    picture, mask = composite(*subject, BLUE, OLD, np.random.default_rng(2))
    lost = (whole == 255) & (mask == 0)
    assert (mask <= whole).all() and 0.01 < lost.sum() / (whole > 127).sum() < 0.6
    assert near(picture[lost])


def test_the_same_seed_makes_the_same_picture(subject):
    a, b = (composite(*subject, BLUE, OLD, np.random.default_rng(9)) for _ in range(2))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_only_whole_subjects_are_cut_out(subject):
    _, mask = subject
    assert is_whole(mask)
    assert not is_whole(mask[:, 60:])  # cut by the frame
    assert not is_whole(np.zeros_like(mask)) and not is_whole(np.full_like(mask, 255))

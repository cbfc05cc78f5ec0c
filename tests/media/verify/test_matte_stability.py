"""What verify sees of a matte over time."""

import numpy as np
import pytest

from vsod.media.verify.matte_stability import MatteStability, enclosed_holes


def ring(outer, inner, size=60):
    y, x = np.mgrid[:size, :size]
    far = np.maximum(abs(y - size // 2), abs(x - size // 2))
    return (far <= outer) & (far > inner)


def test_a_hole_is_background_the_subject_encloses():
    assert enclosed_holes(ring(20, -1)) == 0
    assert enclosed_holes(ring(20, 4)) == pytest.approx(81 / (41 * 41 - 81))
    assert enclosed_holes(np.zeros((8, 8), bool)) == 0


def test_what_is_open_to_the_outside_is_no_hole():
    open_ring = ring(20, 4)
    open_ring[30, 30:] = False
    assert enclosed_holes(open_ring) == 0
    at_the_edge = np.zeros((40, 40), bool)
    at_the_edge[:, 10:30] = True
    assert enclosed_holes(at_the_edge) == 0


def test_a_diagonal_gap_does_not_open_a_hole():
    subject = np.ones((9, 9), bool)
    subject[4, 4] = subject[3, 3] = False
    assert enclosed_holes(np.kron(subject, np.ones((20, 20), bool))) > 0


def test_specks_are_no_holes():
    subject = np.ones((300, 300), bool)
    subject[100, 100] = False
    assert enclosed_holes(subject) == 0


def test_change_is_relative_to_the_subject():
    course = MatteStability()
    still = np.zeros((40, 80), np.float32)
    still[10:30, 10:30] = 1
    moved = np.roll(still, 10, axis=1)
    for matte in (still, still, moved, np.zeros_like(still)):
        course.add(matte)
    assert course.change == pytest.approx([0, 0, 1, 1])
    assert course.area == pytest.approx([0.125, 0.125, 0.125, 0])


def test_large_mattes_are_looked_at_small():
    course = MatteStability()
    course.add(np.kron(ring(20, 8).astype(np.float32), np.ones((40, 40), np.float32)))
    assert course.holes[0] == pytest.approx(enclosed_holes(ring(20, 8)), rel=0.1)

"""Windows as published, in order, and cut short without a difference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.inference.frame_windows import (
    reflect_index,
    required_frames,
    run_causal_windows,
    run_chunks,
    window_frames,
)


def features(frames):
    return [(i, np.full((1, 1, 1), i, np.float32)) for i in frames]


def spoken(window):
    """A decoder that answers with the numbers of the frames it saw, as base-1000 digits."""
    return float(sum(int(v) * 1000**k for k, v in enumerate(window.ravel()[::-1])))


def last_of(window):
    return np.full((1, 1, 1, 2, 2), spoken(window), np.float64)


def all_of(window):
    # position in the window, then the window's first frame: tells who mapped a frame
    t = window.shape[1]
    return np.array([[p + 100 * window[0, 0, 0, 0, 0] for p in range(t)]]).reshape(1, t, 1, 1, 1)


def told(pairs):
    return [(i, float(m.ravel()[0])) for i, m in pairs]


def test_causal_windows_repeat_the_first_frame_to_the_left():
    out = told(run_causal_windows(features(range(6)), 4, last_of))
    assert out[0] == (0, 0.0)
    assert out[2] == (2, 0 * 1000**3 + 0 * 1000**2 + 1 * 1000 + 2)
    assert out[5] == (5, 2 * 1000**3 + 3 * 1000**2 + 4 * 1000 + 5)


def test_52_frames_are_completed_to_50_51_50_49_48():
    """models.md §5.4; frames 48 and 49 are mapped once more, the later map wins."""
    seen = []

    def decode(window):
        seen.append(window.ravel().astype(int).tolist())
        return all_of(window)

    out = dict(told(run_chunks(features(range(52)), 5, decode)))
    assert seen[-1] == [50, 51, 50, 49, 48] and seen[-2] == [45, 46, 47, 48, 49]
    assert list(out) == list(range(52))
    assert out[47] == 4502 and out[51] == 5001
    assert (out[48], out[49], out[50]) == (5004, 5003, 5002)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7, 11])
def test_short_videos_are_completed_like_numpy_reflects(count):
    seen = []

    def decode(window):
        seen.append(window.ravel().astype(int).tolist())
        return all_of(window)

    assert [i for i, _ in run_chunks(features(range(count)), 5, decode)] == list(range(count))
    padded = np.pad(np.arange(count), (0, -count % 5), mode="reflect" if count > 1 else "edge")
    assert [i for clip in seen for i in clip] == padded.tolist()


def test_mirrored():
    assert [reflect_index(i, 3) for i in range(9)] == [0, 1, 2, 1, 0, 1, 2, 1, 0]


@given(st.integers(1, 40), st.integers(0, 39), st.integers(1, 40), st.sampled_from([0, 4, 5]), st.booleans())
def test_a_part_comes_out_as_in_the_whole(count, start, length, window, in_clips):
    """Whatever the gap: the same maps as an uninterrupted run, from what ``reach`` says must be read."""
    start %= count
    wanted = range(start, min(start + length, count))
    arrange, decode = (run_chunks, all_of) if in_clips else (run_causal_windows, last_of)

    def maps(frames):
        items = features(frames)
        return dict(told(arrange(items, window, decode))) if window else dict(told(items))

    part = required_frames(wanted, count, window, in_clips, flow=False).run
    whole, cut = maps(range(count)), maps(part)
    assert [cut[i] for i in wanted] == [whole[i] for i in wanted]
    assert len(part) <= len(wanted) + 3 * max(window, 1)


@given(st.integers(1, 30), st.integers(0, 29), st.integers(1, 30), st.sampled_from([0, 4]))
def test_flow_finds_its_neighbour(count, start, length, window):
    start %= count
    wanted = range(start, min(start + length, count))
    r = required_frames(wanted, count, window, False, flow=True)
    assert set(wanted) <= set(r.run) <= set(r.decode)
    for i in r.run:
        # the next frame, or for the very last one the frame before
        neighbour = i + 1 if i + 1 < count else i - 1
        assert neighbour < 0 or neighbour in r.decode


@given(st.integers(1, 23), st.integers(2, 6), st.booleans())
def test_the_members_of_a_window_are_what_it_is_decoded_from(count, length, in_clips):
    seen = []

    def decode(window):
        seen.append(window.ravel().astype(int).tolist())
        return all_of(window) if in_clips else last_of(window)

    list((run_chunks if in_clips else run_causal_windows)(features(range(count)), length, decode))
    for index in range(count):
        run = required_frames(range(index, index + 1), count, length, in_clips, flow=False).run
        expected = seen[index // length if in_clips else index]
        assert window_frames(index, run, length, in_clips) == expected

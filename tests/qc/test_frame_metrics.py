"""Lanes, shots, flags and markers: plain arithmetic on made-up curves."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vsod.core.clip import ClipInfo
from vsod.core.frame_ranges import true_ranges
from vsod.core.shot_detection import detect_cuts, shots_from_cuts
from vsod.interchange.markers import to_csv, to_edl
from vsod.qc.frame_metrics import METRICS, METRICS_BY_ID, FrameMetrics, table_rows
from vsod.qc.issues import find_issues
from vsod.qc.metrics_store import MetricsStore
from vsod_models.metrics import no_reference

COUNT = 40


def calm(count=COUNT):
    """A clip without any trouble."""
    metrics = FrameMetrics.empty(count)
    for metric, value in {"area": 0.2, "confidence": 0.9, "softness": 2, "flicker": 0.05}.items():
        metrics[metric][:] = value
    metrics["motion"][:] = 0.01
    metrics["change"][:] = 0.1
    return metrics


def info(**changes):
    fields = {
        "path": Path("/clips/heron.mov"),
        "kind": "video",
        "codec": "prores",
        "pix_fmt": "yuv422p10le",
        "bit_depth": 10,
        "width": 64,
        "height": 36,
        "rate": Fraction(25),
        "time_base": Fraction(1, 25),
        "pts": np.arange(COUNT, dtype=np.int64),
        "timecode": "01:00:00:00",
    }
    return ClipInfo(**{**fields, **changes})


@pytest.mark.parametrize(
    ("text", "bridge", "expected"),
    [
        ("", 0, []),
        ("....", 0, []),
        ("##.#", 0, [(0, 2), (3, 4)]),
        ("##.#...#", 1, [(0, 4), (7, 8)]),
        ("#..#", 2, [(0, 4)]),
        ("####", 5, [(0, 4)]),
    ],
)
def test_spans(text, bridge, expected):
    mask = np.array([c == "#" for c in text], bool)
    assert [(r.start, r.stop) for r in true_ranges(mask, bridge)] == expected


def test_a_calm_clip_has_no_flags():
    assert find_issues(calm(), np.zeros(COUNT, bool)) == []


def test_what_is_unknown_is_no_trouble():
    assert find_issues(FrameMetrics.empty(COUNT), np.zeros(COUNT, bool)) == []


@pytest.mark.parametrize(
    ("metric", "value", "kind"),
    [("confidence", 0.1, "unsure"), ("flicker", 0.8, "flicker"), ("softness", 30, "soft")],
)
def test_each_limit_is_a_flag_at_its_worst_frame(metric, value, kind):
    metrics = calm()
    metrics[metric][10:15] = (METRICS_BY_ID[metric].limit + value) / 2
    metrics[metric][12] = value
    (flag,) = find_issues(metrics, np.zeros(COUNT, bool))
    assert (flag.type.id, flag.frames, flag.worst) == (kind, range(10, 15), 12)
    assert flag.as_json()["start"] == 10 and "5 frames" in flag.text


def test_an_empty_matte_is_one_flag_and_a_jump_on_both_sides():
    metrics = calm()
    metrics["area"][10:20] = 0
    metrics["confidence"][10:20] = 0
    found = [(f.type.id, f.frames) for f in find_issues(metrics, np.zeros(COUNT, bool))]
    assert found == [("jump", range(10, 11)), ("empty", range(10, 20)), ("jump", range(20, 21))]


def test_nothing_jumps_or_flickers_at_a_cut():
    metrics = calm()
    metrics["area"][20:] = 0.5
    metrics["flicker"][20] = 1
    cuts = np.arange(COUNT) == 20
    assert find_issues(metrics, cuts) == []
    assert [f.type.id for f in find_issues(metrics, ~cuts)] == ["jump"]


def test_a_cut_stands_out_a_flash_and_a_shaken_camera_do_not():
    change = np.full(COUNT, 0.1, np.float32)
    change[0] = np.nan
    change[10] = 0.97
    change[[20, 21]] = 0.97  # there and back
    change[30:36] = 0.9
    assert np.flatnonzero(detect_cuts(change)).tolist() == [10]
    assert shots_from_cuts(detect_cuts(change)) == [range(10), range(10, COUNT)]
    assert shots_from_cuts(np.zeros(3, bool)) == [range(3)]
    assert shots_from_cuts(np.zeros(0, bool)) == []


def test_a_cut_is_the_same_seen_from_a_part_of_the_clip():
    rng = np.random.default_rng(0)
    change = rng.uniform(0, 1, 400).astype(np.float32)
    whole = detect_cuts(change)
    assert whole.any()
    for start in range(0, 380, 7):
        part = detect_cuts(change[start : start + 20])
        assert np.array_equal(part[2:-2], whole[start + 2 : start + 18])


def test_values_read_well():
    assert METRICS_BY_ID["area"].text(0.1234) == "12 %" and METRICS_BY_ID["area"].text(0.004) == "0.4 %"
    assert METRICS_BY_ID["confidence"].text(0.567) == "0.57"
    assert METRICS_BY_ID["softness"].text(3.21) == "3.2 px"
    assert METRICS_BY_ID["flicker"].text(float("nan")) == "–"


def test_rows_of_a_table():
    metrics = FrameMetrics.empty(3)
    metrics["area"][1] = 0.25
    table = table_rows(metrics, np.array([False, True, False]), range(3))
    assert [r["frame"] for r in table] == [0, 1, 2]
    assert table[1]["area"] == 0.25 and table[1]["cut"] and table[0]["area"] is None
    assert set(table[0]) == {"frame", "cut", *(metric.id for metric in METRICS)}


def flagged():
    metrics = calm()
    metrics["confidence"][10:15] = 0.1
    metrics["flicker"][30] = 0.9
    return find_issues(metrics, np.zeros(COUNT, bool))


def test_markers_as_a_table():
    lines = to_csv(flagged(), info()).splitlines()
    assert lines[0].startswith("frame,frames,timecode")
    assert lines[1].startswith("10,5,01:00:00:10,10,unsure,")
    assert len(lines) == 3


def test_markers_as_an_edl():
    lines = to_edl(flagged(), info()).splitlines()
    assert lines[:2] == ["TITLE: heron", "FCM: NON-DROP FRAME"]
    assert "001  001      V     C        01:00:00:10 01:00:00:11 01:00:00:10 01:00:00:11  " in lines
    assert any(line.endswith("|C:ResolveColorYellow |M:Low confidence |D:5") for line in lines)


def test_an_edl_numbers_999_events_and_counts_drop_frames():
    many = flagged() * 600
    drop = info(rate=Fraction(30000, 1001), timecode="00:00:59;20")
    text = to_edl(many, drop)
    assert "FCM: DROP FRAME" in text and text.count("|M:") == 999
    assert "00:01:00;02" in text


def square(size, level=1.0, at=10):
    saliency = np.zeros((48, 64), np.float32)
    saliency[at : at + size, at : at + size] = level
    return saliency


def test_signs_of_a_map():
    sure = square(16)
    assert no_reference.area(sure) == pytest.approx(256 / (48 * 64))
    assert no_reference.confidence(sure) == pytest.approx(1, abs=1e-3)
    assert no_reference.confidence(square(16, 0.5)) == pytest.approx(0)
    assert no_reference.confidence(square(4, 0.7)) == pytest.approx(no_reference.confidence(square(20, 0.7)))
    assert no_reference.confidence(square(0)) == 0
    assert no_reference.softness(sure) == 0
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
    assert no_reference.softness(ramp) == pytest.approx(0.8 * 64, abs=1.5)
    assert no_reference.softness(square(0)) == 0


def test_unsteadiness_is_told_from_motion():
    motion = np.zeros((48, 64, 2), np.float32)
    everywhere = np.ones((48, 64), bool)
    assert no_reference.temporal_inconsistency(square(16), square(16), motion, everywhere) == pytest.approx(0)
    moved = square(16, at=14)
    assert no_reference.temporal_inconsistency(square(16), moved, motion, everywhere) > 0.5
    motion[...] = -4  # what is at 14 now was at 10
    assert no_reference.temporal_inconsistency(square(16), moved, motion, everywhere) == pytest.approx(0)
    assert no_reference.temporal_inconsistency(square(16), moved, motion, ~everywhere) == 0


def test_lanes_are_kept_beside_the_maps(tmp_path):
    store = MetricsStore(tmp_path, 5)
    have = np.array([True, True, False, True, True])
    assert store.missing(have).tolist() == have.tolist()
    store.put(0, {"area": 0.5, "flicker": 0.0})
    store.put(1, {"area": 0.5, "flicker": 0.1})
    store.put(3, {"area": 0.5})
    store.flush()
    again = MetricsStore(tmp_path, 5)
    assert again.snapshot()["area"][0] == 0.5
    assert again.missing(have).tolist() == [False, False, False, False, True]
    # its predecessor came: now it can be compared
    assert again.missing(np.ones(5, bool)).tolist() == [False, False, True, True, True]


@pytest.mark.parametrize("content", [b"", b"junk", b"\x93NUMPY"])
def test_damaged_or_foreign_lanes_are_measured_again(tmp_path, content, expect_log):
    expect_log("is damaged: it is measured anew")
    MetricsStore(tmp_path, 5).flush()
    file = tmp_path / "metrics"
    file.write_bytes(content)
    assert not MetricsStore(tmp_path, 5).snapshot().measured.any()
    MetricsStore(tmp_path, 7).flush()
    assert not MetricsStore(tmp_path, 5).snapshot().measured.any()

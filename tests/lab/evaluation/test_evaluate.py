"""Measuring a card on clips with masks."""

import numpy as np
import pytest

from vsod.errors import DataError
from vsod.lab.datasets import VAL_CLIPS, labelled_clips
from vsod.lab.evaluation.evaluate import evaluate, format_scores

pytest.importorskip("py_sod_metrics")


def test_a_net_agrees_with_itself(data):
    results = evaluate("swift", data, split_name="val")
    assert [s.name for s in results] == ["demo", "mean"]
    assert results[0].frames == 10
    assert results[0].J > 0.999 and results[0].F > 0.999 and results[0].MAE < 0.1


def test_every_cue_is_another_measurement(data):
    full, still, motion = (evaluate("swift", data, cue=c)[-1] for c in ("full", "no-flow", "motion"))
    assert full.J > still.J and full.J > motion.J


def test_table_has_a_row_per_clip_and_the_mean(data):
    rows = format_scores(evaluate("swift", data)).splitlines()
    assert len(rows) == 4 and rows[0].startswith("| clip | frames | J | F |") and "**mean**" in rows[-1]


def test_missing_masks_are_an_error(data, tmp_path):
    (tmp_path / "JPEGImages" / "480p" / "x").mkdir(parents=True)
    with pytest.raises(DataError, match="no masks"):
        labelled_clips(tmp_path)[0].masks()
    with pytest.raises(DataError, match="no video data"):
        labelled_clips(tmp_path / "JPEGImages")


def test_our_split_keeps_validation_clips_out_of_training(tmp_path):
    (tmp_path / "davis16").mkdir()
    for name in (*VAL_CLIPS, "bear", "bus"):
        (tmp_path / "davis16" / f"{name}.mp4").touch()
    train = {c.name for c in labelled_clips(tmp_path, "train")}
    assert train == {"bear", "bus"}
    assert {c.name for c in labelled_clips(tmp_path, "val")} == set(VAL_CLIPS)


def test_masks_of_the_wrong_number_are_an_error(data, tmp_path):
    import shutil

    shutil.copytree(data, tmp_path / "d")
    next((tmp_path / "d" / "Annotations" / "480p" / "demo").glob("*.png")).unlink()
    with pytest.raises(DataError, match="12 frames but 11 masks"):
        evaluate("swift", tmp_path / "d")


def test_flow_magnitude_alone_needs_no_net(data):
    scores = evaluate("swift", data, cue="motion")[-1]
    assert 0 <= scores.J <= 1 and np.isfinite(scores.curve).all()

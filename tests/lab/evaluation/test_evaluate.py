"""Measuring a card on clips with masks."""

import numpy as np
import pytest

from helpers.exports import clip_info
from vsod.errors import DataError
from vsod.lab.datasets import VAL_CLIPS, labelled_clips
from vsod.lab.evaluation.evaluate import evaluate
from vsod.lab.evaluation.result_tables import format_scores


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
        labelled_clips(tmp_path, "all")[0].masks(clip_info())
    with pytest.raises(DataError, match="no video data set"):
        labelled_clips(tmp_path / "JPEGImages", "all")


def test_our_split_keeps_validation_clips_out_of_training(tmp_path):
    (tmp_path / "davis16").mkdir()
    for name in (*VAL_CLIPS, "bear", "bus"):
        (tmp_path / "davis16" / f"{name}.mp4").touch()
    train = {c.name for c in labelled_clips(tmp_path, "train")}
    assert train == {"bear", "bus"}
    assert {c.name for c in labelled_clips(tmp_path, "val")} == set(VAL_CLIPS)


def test_sparse_truth_is_scored_where_it_is(data, tmp_path):
    import shutil

    shutil.copytree(data, tmp_path / "d")
    masks = sorted((tmp_path / "d" / "Annotations" / "480p" / "demo").glob("*.png"))
    for mask in masks[1:5] + masks[6:]:
        mask.unlink()
    results = evaluate("swift", tmp_path / "d", split_name="all")
    assert results[0].frames == 2 and results[0].J > 0.999, "the first frame counts, too"
    assert results[0].flicker is None


def test_a_mask_of_no_frame_is_an_error(data, tmp_path):
    import shutil

    shutil.copytree(data, tmp_path / "d")
    folder = tmp_path / "d" / "Annotations" / "480p" / "demo"
    shutil.copy(next(folder.glob("*.png")), folder / "00999.png")
    with pytest.raises(DataError, match=r"00999\.png belongs to no frame"):
        evaluate("swift", tmp_path / "d", split_name="all")


def test_flow_magnitude_alone_needs_no_net(data):
    scores = evaluate("swift", data, cue="motion")[-1]
    assert 0 <= scores.J <= 1 and np.isfinite(scores.curve).all()

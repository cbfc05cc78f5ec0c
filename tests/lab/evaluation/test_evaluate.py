"""Measuring a model on clips with masks."""

import numpy as np
import pytest

from helpers.exports import clip_info
from vsod.errors import DataError
from vsod.inference.model_registry import require_model
from vsod.lab.datasets import VAL_CLIPS, labelled_clips
from vsod.lab.evaluation import evaluate as measuring
from vsod.lab.evaluation.evaluate import evaluate
from vsod.lab.evaluation.result_tables import format_scores
from vsod.lab.evaluation.scoring import rescale_map
from vsod_models.metrics.protocols import DAVIS, FLAT


def test_a_net_agrees_with_itself(data):
    results = evaluate("swift", data, split_name="val")
    assert [s.name for s in results] == ["demo", "mean"]
    assert results[0].frames == 10
    assert results[0].J > 0.999 and results[0].F > 0.999 and results[0].MAE < 0.1


def test_masks_made_by_hand_have_known_scores(tmp_path, monkeypatch):
    """A square of 20 lines; the map of frame i is its upper 2 i, so J is i / 10: 0.1 to 0.4, the ends left out."""
    import cv2

    for i in range(6):
        mask = np.zeros((40, 60), np.uint8)
        mask[10:30, 20:40] = 255
        for kind, picture in (("JPEGImages", np.dstack([mask] * 3)), ("Annotations", mask)):
            file = tmp_path / kind / "480p" / "square" / f"{i:05d}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(cv2.imencode(".png", picture)[1].tobytes())

    class Store:
        def require(self, i):
            saliency = np.zeros((40, 60), np.float32)
            saliency[10 : 10 + 2 * i, 20:40] = 0.8
            return saliency

    monkeypatch.setattr(measuring, "analyse_whole_clip", lambda source, request: Store())
    found = {
        p.name: evaluate("swift", tmp_path, split_name="all", published=True, protocol=p)[-1]
        for p in (DAVIS, FLAT)
    }
    assert found["davis"].frames == 4 and pytest.approx(0.25) == found["davis"].J
    assert found["davis"].J_decay == pytest.approx((0.1 + 0.2) / 2 - (0.3 + 0.4) / 2)
    # every frame counts; 0.7 of the rest of the subject is missed, as decision_threshold 0.5 has 0.8 for 0.7
    inside = rescale_map(np.array([[0.8]], np.float32), require_model("swift").decision_threshold, 0.5).item()
    share = 400 / 2400
    expected = np.mean([(1 - i / 10) * share + i / 10 * share * (1 - inside) for i in range(6)])
    assert found["flat"].frames == 6 and pytest.approx(expected, abs=2e-3) == found["flat"].MAE


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

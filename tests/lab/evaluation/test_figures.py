"""The pictures of a measurement."""

import cv2
import numpy as np
import pytest

from vsod.errors import DataError
from vsod.lab.evaluation.figures import THUMBNAIL_SIZE, BestWorstSheet, plot_pr_curve
from vsod_models.metrics.clip_scores import Scores


def show(gallery, clip, index, score, level=200):
    picture = np.full((90, 160, 3), level, np.uint8)
    truth = np.zeros((90, 160), np.uint8)
    truth[30:60, 40:80] = 255
    gallery.add(clip, index, score, picture, truth, truth / np.float32(255))


def titles(monkeypatch):
    """The titles as they are written into the sheet."""
    seen = []
    write = cv2.putText

    def spy(image, text, *rest):
        seen.append(text)
        return write(image, text, *rest)

    monkeypatch.setattr(cv2, "putText", spy)
    return seen


def test_it_keeps_the_best_and_the_worst_of_each_clip(tmp_path):
    gallery = BestWorstSheet(count=3)
    for i in range(20):
        show(gallery, "a", i, i / 20)
    show(gallery, "b", 7, 0.5)
    best, worst = gallery._clips["a"]
    assert [(-i, s) for s, i, _ in best] == [(19, 0.95)]
    assert [(-i, -s) for s, i, _ in worst] == [(0, 0.0)]
    gallery.write(tmp_path / "new" / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "new" / "sheet.png"))
    assert sheet.shape == (2 * THUMBNAIL_SIZE[1], 6 * THUMBNAIL_SIZE[0], 3)


def test_a_frame_that_is_not_kept_is_not_drawn(monkeypatch):
    drawn = titles(monkeypatch)
    gallery = BestWorstSheet(count=3)
    show(gallery, "a", 0, 0.5)
    show(gallery, "a", 1, 0.5)
    assert set(drawn) == {"a 0  J 0.500"}


def test_the_matte_is_tinted_and_the_rest_is_grey(tmp_path):
    gallery = BestWorstSheet()
    show(gallery, "a", 0, 1.0)
    gallery.write(tmp_path / "sheet.png")
    sheet = cv2.cvtColor(cv2.imread(str(tmp_path / "sheet.png")), cv2.COLOR_BGR2RGB)
    w, h = THUMBNAIL_SIZE
    for cell in (1, 2):
        inside = sheet[h // 2, cell * w + int(w * 0.375)]
        outside = sheet[h - 10, cell * w + w - 10]
        assert inside.tolist() == [round(0.4 * 200 + 0.6 * c) for c in (64, 200, 255)]
        assert outside.tolist() == [100, 100, 100]


def test_an_empty_gallery_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no frames"):
        BestWorstSheet().write(tmp_path / "sheet.png")


def test_precision_is_drawn_against_recall(tmp_path):
    pytest.importorskip("matplotlib")
    recall = np.linspace(1, 0, 256)
    scores = Scores("mean", 1, curve=recall / 2, precision=1 - recall / 2, recall=recall)
    plot_pr_curve({"net": scores}, tmp_path / "new" / "curve.png")
    drawn = cv2.imread(str(tmp_path / "new" / "curve.png"))
    assert drawn.shape == (600, 720, 3)
    # all is grey but the line: from (0, 1) at the top left down to (1, 0.5) at the right
    y, x = np.nonzero(drawn.max(2).astype(int) - drawn.min(2) > 60)
    line = x < x.max() - 5
    assert y[line][np.argmin(x[line])] < 60 and 250 < y[np.argmax(x)] < 350

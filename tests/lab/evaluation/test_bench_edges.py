"""The table of edge quality."""

import cv2
import numpy as np
import pytest

from vsod.errors import DataError
from vsod.lab.evaluation import bench_edges


def test_the_table_has_a_row_per_way_and_map(tmp_path, capsys):
    alpha = np.zeros((120, 160), np.float32)
    cv2.circle(alpha, (80, 60), 30, 1, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), 2)
    rgb = np.rint(alpha[..., None] * (200, 60, 50) + 40).astype(np.uint8)
    folder = tmp_path / "alpha"
    folder.mkdir()
    cv2.imwrite(str(folder / "ball.webp"), rgb[..., ::-1])
    cv2.imwrite(str(folder / "ball_alpha.png"), np.rint(alpha * 255).astype(np.uint8))
    fine = cv2.IMWRITE_WEBP_QUALITY, 101
    cv2.imwrite(str(folder / "ball_foreground.webp"), np.full_like(rgb, (90, 100, 240)), fine)
    assert bench_edges.main([str(tmp_path), "--edges", "plain", "soft"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "1 photos" and len(rows) == 10
    assert [r.split("|")[2].strip() for r in rows[4:8]] == ["plain", "soft"] * 2
    seen, ours = (float(word) for word in rows[-1].split() if word[0].isdigit())
    assert rows[-1].startswith("foreground colour of ball") and ours < 0.3 * seen
    with pytest.raises(DataError, match="no photos"):
        bench_edges.photos(tmp_path / "alpha")

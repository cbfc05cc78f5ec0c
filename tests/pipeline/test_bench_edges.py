"""The table of edge quality."""

import cv2
import numpy as np
import pytest

from vsod.errors import DataError
from vsod.pipeline import bench_edges


def test_the_table_has_a_row_per_way_and_map(tmp_path, capsys):
    alpha = np.zeros((120, 160), np.float32)
    cv2.circle(alpha, (80, 60), 30, 1, -1, cv2.LINE_AA)
    rgb = np.rint(alpha[..., None] * (200, 60, 50) + 40).astype(np.uint8)
    folder = tmp_path / "alpha"
    folder.mkdir()
    cv2.imwrite(str(folder / "ball.webp"), rgb[..., ::-1])
    cv2.imwrite(str(folder / "ball_alpha.png"), np.rint(alpha * 255).astype(np.uint8))
    assert bench_edges.main([str(tmp_path), "--edges", "plain", "soft"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "1 photos" and len(rows) == 8
    assert [r.split("|")[2].strip() for r in rows[4:]] == ["plain", "soft"] * 2
    with pytest.raises(DataError, match="no photos"):
        bench_edges.photos(tmp_path / "alpha")

"""J, F and T against implementations of their own: written from the benchmark's rules, with loops and scipy."""

import heapq
import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from vsod_models.metrics.clip_scores import ClipScorer, mean_scores
from vsod_models.metrics.davis import boundary_accuracy, decay, region_similarity
from vsod_models.metrics.protocols import DAVIS
from vsod_models.metrics.temporal_stability import outlines, temporal_instability


def masks(shape, seed=0):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    smooth = ndimage.gaussian_filter(rng.random(shape), 4)
    disk = (y - shape[0] * 0.4) ** 2 + (x - shape[1] * 0.5) ** 2 < (shape[0] * 0.3) ** 2
    one = np.zeros(shape, bool)
    one[-1, -1] = True
    return {
        "empty": np.zeros(shape, bool),
        "full": np.ones(shape, bool),
        "noise": rng.random(shape) > 0.5,
        "blobs": smooth > np.median(smooth),
        "disk": disk,
        "moved": np.roll(disk, (2, 5), (0, 1)) ^ (smooth > np.quantile(smooth, 0.97)),
        "corner": one,
        "edge": y > shape[0] - 4,
    }


def region_by_hand(ours, theirs):
    both = either = 0
    for a, b in zip(ours.ravel(), theirs.ravel(), strict=True):
        both += a and b
        either += a or b
    return both / either if either else 1.0


def edge_by_hand(mask):
    """A pixel that differs from its neighbour to the right, below, or right below; the last row looks right alone."""
    h, w = mask.shape
    out = np.zeros_like(mask)
    for y in range(h):
        for x in range(w):
            near = [(y, x + 1)] * (x + 1 < w) + [(y + 1, x)] * (y + 1 < h)
            near += [(y + 1, x + 1)] * (x + 1 < w and y + 1 < h)
            out[y, x] = any(mask[p] != mask[y, x] for p in near)
    return out


def boundary_by_hand(ours, theirs):
    return boundaries_by_hand(edge_by_hand(ours), edge_by_hand(theirs))


def boundaries_by_hand(a, b):
    if not a.any() or not b.any():
        return float(a.any() == b.any())
    reach = math.ceil(0.008 * math.hypot(*a.shape))

    def share(of, near):
        return (ndimage.distance_transform_edt(~near)[of] <= reach).mean()

    p, r = share(a, b), share(b, a)
    return 2 * p * r / (p + r) if p + r else 0.0


@pytest.mark.parametrize("shape", [(31, 44), (96, 170)])
def test_j_and_f_are_what_the_rules_give(shape):
    ours, theirs = masks(shape), masks(shape, seed=1)
    edges = {id(mask): edge_by_hand(mask) for mask in (*ours.values(), *theirs.values())}
    for a in ours.values():
        for b in theirs.values():
            assert region_similarity(a, b) == pytest.approx(region_by_hand(a, b), abs=1e-9)
            by_hand = boundaries_by_hand(edges[id(a)], edges[id(b)])
            assert boundary_accuracy(a, b) == pytest.approx(by_hand, abs=1e-9)


def test_recall_and_decay_by_hand():
    values = [0.9, 0.9, 0.5, 0.4, 0.8, 0.6, 0.2, 0.1, 0.3]
    # 9 values: the quarters are 0-2, 2-4, 4-6, 6-8, ends in both
    assert decay(values) == pytest.approx((0.9 + 0.9 + 0.5) / 3 - (0.2 + 0.1 + 0.3) / 3)
    # 7 values: round(1, 2.5, 4, 5.5, 7) with halves up, less 1: 0, 2, 3, 5, 6
    assert decay(values[:7]) == pytest.approx((0.9 + 0.9 + 0.5) / 3 - (0.6 + 0.2) / 2)
    assert decay([0.7]) == 0
    long = [1.0] * 300 + [0.0] * 300
    assert decay(long) == 1, "indices beyond 255"


def test_a_clip_has_mean_recall_and_decay_of_both():
    truth = np.zeros((40, 40), np.uint8)
    truth[10:20, 10:30] = 255
    half = truth.copy()
    half[10:15] = 0  # J 0.5, which is not above it
    scorer = ClipScorer("x", DAVIS)
    for shown in (truth, truth, half, half, np.zeros_like(truth)):
        scorer.add(shown.astype(np.float32) / 255, truth)
    found = scorer.result()
    assert pytest.approx((1 + 1 + 0.5 + 0.5 + 0) / 5) == found.J
    assert found.J_recall == pytest.approx(2 / 5)
    assert found.J_decay == pytest.approx(1 - 0.25)
    f = boundary_by_hand(half > 0, truth > 0)
    assert pytest.approx((2 + 2 * f) / 5) == found.F and found.F_decay == pytest.approx(1 - f / 2)
    assert found.F_recall == pytest.approx((2 + 2 * (f > 0.5)) / 5)
    assert found.maxF is None and found.MAE is None


# ---- T


def trace(mask):
    """Outlines by walking around each: the subject to the right, at a crossing to the right."""
    padded = np.pad(mask, 2)
    rings, seen = [], set()
    for y, x in np.ndindex(mask.shape):
        for start in ((0, 1), (0, -1)):
            # going right, the pixel below the edge is subject; going left, the one above
            vertex = (y, x) if start == (0, 1) else (y + 1, x + 1)
            above = (y - 1, x) if start == (0, 1) else (y + 1, x)
            if not mask[y, x] or padded[above[0] + 2, above[1] + 2] or (vertex, start) in seen:
                continue
            ring, at, way = [vertex], vertex, start
            while (at, way) not in seen:
                seen.add((at, way))
                at = (at[0] + way[0], at[1] + way[1])
                ring.append(at)
                turns = [(way[1], -way[0]), way, (-way[1], way[0])]  # right, straight on, left
                for turn in turns:
                    right = (turn[1], -turn[0])
                    inside = at[0] + (turn[0] + right[0] - 1) // 2, at[1] + (turn[1] + right[1] - 1) // 2
                    outside = at[0] + (turn[0] - right[0] - 1) // 2, at[1] + (turn[1] - right[1] - 1) // 2
                    if padded[inside[0] + 2, inside[1] + 2] and not padded[outside[0] + 2, outside[1] + 2]:
                        way = turn
                        break
            at = ring.index(min(ring))  # from its upper left on
            rings.append(ring[at:-1] + ring[: at + 1])
    return rings


def thin(line, tolerance):
    if len(line) < 3:
        return line
    (y0, x0), (y1, x1) = line[0], line[-1]
    worst, at = 0.0, 0
    for i in range(1, len(line) - 1):
        y, x = line[i]
        length = (y1 - y0) ** 2 + (x1 - x0) ** 2
        t = max(0, min(1, ((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / length)) if length else 0
        far = math.hypot(y - y0 - t * (y1 - y0), x - x0 - t * (x1 - x0))
        if far > worst + 1e-9:
            worst, at = far, i
    if worst <= tolerance + 1e-9:
        return [line[0], line[-1]]
    return thin(line[: at + 1], tolerance)[:-1] + thin(line[at:], tolerance)


def points_by_hand(mask):
    lines = [thin(ring, 1.5) for ring in sorted(trace(mask), key=lambda ring: ring[0])]
    best = None
    for line in lines:
        if len(line) > 3 and (best is None or len(line) >= len(best)):
            best = line
    if best is None:
        return None
    points = []
    for (y0, x0), (y1, x1) in pairwise(best):
        n = max(1, math.ceil(math.hypot(y1 - y0, x1 - x0) / 3))
        points += [(y0 + (y1 - y0) * k / n, x0 + (x1 - x0) * k / n) for k in range(n)]
    return points


def context_by_hand(points):
    n = len(points)
    far = [[math.dist(a, b) for b in points] for a in points]
    mean = sum(map(sum, far)) / n**2
    edges = [1 / 8 * 16 ** (k / 4) for k in range(5)]
    out = []
    for i, (y, x) in enumerate(points):
        counts = [0.0] * 60
        for j, (v, u) in enumerate(points):
            ring = sum(far[i][j] / mean >= e for e in edges)
            if ring < 5:
                angle = math.atan2(v - y, u - x) % (2 * math.pi)
                counts[ring * 12 + min(11, int(angle / (math.pi / 6)))] += 1
        out.append([c / sum(counts) for c in counts])
    return out


def cheapest(costs):
    """Dijkstra from the first pair to the last; of equal ways the most diagonal."""
    n, m = len(costs), len(costs[0])
    queue, came = [(0.0, 0, (0, 0), None)], {}
    best = {}
    while queue:
        total, _, at, before = heapq.heappop(queue)
        if at in came:
            continue
        came[at], best[at] = before, total
        for rank, (dy, dx) in enumerate(((1, 1), (1, 0), (0, 1))):
            there = at[0] + dy, at[1] + dx
            if there[0] < n and there[1] < m and there not in came:
                heapq.heappush(queue, (total + costs[there[0]][there[1]], rank, there, at))
    way, at = [], (n - 1, m - 1)
    while at is not None:
        way.append(at)
        at = came[at]
    return way  # from the last to the first


def instability_by_hand(before, now):
    a, b = points_by_hand(before), points_by_hand(now)
    if a is None or b is None:
        return math.nan
    p, q = context_by_hand(a), context_by_hand(b)
    costs = [
        [sum((u - v) ** 2 / (u + v) for u, v in zip(r, s, strict=True) if u + v) / 2 for s in q] for r in p
    ]
    n, m = len(costs), len(costs[0])
    way = cheapest(costs)
    dy, dx = min(way[:-1] or way, key=lambda at: costs[at[0]][at[1]])
    rolled = [[costs[(i + dy + 1) % n][(j + dx + 1) % m] for j in range(m)] for i in range(n)]
    pairs = [((i + dy + 1) % n, (j + dx + 1) % m) for i, j in cheapest(rolled)]
    for side in (0, 1):
        kept = {}
        for pair in pairs:
            if (
                pair[side] not in kept
                or costs[pair[0]][pair[1]] < costs[kept[pair[side]][0]][kept[pair[side]][1]]
            ):
                kept[pair[side]] = pair
        pairs = [kept[key] for key in sorted(kept)]
    return 5 * sum(costs[i][j] for i, j in pairs) / len(pairs)


SHAPES = masks((36, 48))


@pytest.mark.parametrize("name", list(SHAPES))
def test_outlines_run_around_the_mask(name):
    mask = SHAPES[name]
    ours = [[tuple(map(int, p)) for p in ring] for ring in outlines(mask)]
    edges = [e for ring in ours for e in pairwise(ring)]
    padded = np.pad(mask, 1).astype(int)
    count = np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum()
    assert len(edges) == len(set(edges)) == count and all(ring[0] == ring[-1] for ring in ours)
    # the area within, holes taken off, is the mask's
    area = sum((b[1] - a[1]) * a[0] for a, b in edges)
    assert -area == mask.sum()


@pytest.mark.parametrize("first", list(SHAPES))
def test_t_is_what_the_rules_give(first):
    for second, now in masks((36, 48), seed=3).items():
        if "noise" in (first, second) and first != second:
            continue  # some thousand points
        ours, theirs = temporal_instability(SHAPES[first], now), instability_by_hand(SHAPES[first], now)
        assert ours == pytest.approx(theirs, abs=1e-9, nan_ok=True), second


def bump(mask):
    """The mask with a piece more at its side."""
    with_bump = mask.copy()
    with_bump[12:18, 20:44] = True
    return with_bump


def test_what_moves_whole_is_stable_and_what_trembles_is_not():
    disk = SHAPES["disk"]
    assert temporal_instability(disk, disk) == temporal_instability(disk, np.roll(disk, 3, 1)) == 0
    assert temporal_instability(disk, bump(disk)) > 0.01
    assert math.isnan(temporal_instability(disk, np.zeros_like(disk)))


def test_t_of_a_clip_is_the_mean_over_pairs_that_have_outlines():
    disk, nothing = SHAPES["disk"], SHAPES["empty"]
    other = bump(disk)
    scorer = ClipScorer("x", DAVIS)
    for mask in (disk, other, nothing, disk, disk):
        scorer.add(mask.astype(np.float32), disk.astype(np.uint8) * 255)
    found = scorer.result()
    assert pytest.approx(temporal_instability(disk, other) / 2) == found.T
    none = ClipScorer("y", DAVIS)
    none.add(nothing.astype(np.float32), disk.astype(np.uint8) * 255)
    assert none.result().T is None
    assert mean_scores([found, none.result()], DAVIS).T == found.T

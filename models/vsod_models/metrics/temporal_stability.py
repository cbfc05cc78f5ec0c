"""Temporal (in)stability T of the DAVIS-2016 benchmark: how much an outline changes its shape from frame to frame.

Source: Perazzi et al., CVPR 2016, section 5: each mask becomes a polygon, its points are described by shape contexts,
dynamic time warping pairs the points of successive frames in order, and T is the mean cost of a pair; lower is better.
The numbers are those of the benchmark's program (fperazzi/davis): polygons simplified to 1.5 pixels, of which the one
of most corners counts, points at most 3 pixels apart, 5 radii from 1/8 to 2 mean distances, 12 angles, half the
chi-squared distance, one warp from the outlines' first points and a second one after their best pair, each point in one
pair at most, and the mean cost times 5.

Ours: where several ways cost the same, the diagonal one is taken (there, whichever a heap gives); pixels that touch
at a corner are two outlines; a polygon is closed before points are put on it.

It means little where a subject is covered or bends fast: the benchmark measures it on clips without either.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Mask

Points = npt.NDArray[np.float64]

TOLERANCE = 1.5  # pixels, of the polygon
SPACING = 3.0  # pixels, of the points on it
_RADII = np.logspace(math.log10(1 / 8), math.log10(2), 5)  # in mean distances
_ANGLES = 12
_SCALE = 5.0
_EPS = 2.2204e-16
_ADVANCES = ((0, 1), (1, 0), (0, -1), (-1, 0))  # right, down, left, up, as (y, x)


def temporal_instability(before: Mask, now: Mask) -> float:
    """T of two successive masks (H, W); 0 where the outline keeps its shape, NaN where either has none."""
    first, second = outline_points(before), outline_points(now)
    if first is None or second is None:
        return math.nan
    costs = context_costs(shape_contexts(first), shape_contexts(second))
    pairs = warp(costs)
    # the best pair but the first, of equal ones the last
    known = costs[tuple(pairs[1:].T)] if len(pairs) > 1 else costs[tuple(pairs.T)]
    best = pairs[len(pairs) - 1 - int(np.argmin(known[::-1]))]
    shift = best + 1
    pairs = (warp(np.roll(costs, tuple(-shift), (0, 1))) + shift) % costs.shape
    pairs = _one_each(_one_each(pairs[::-1], costs, 0), costs, 1)
    return float(costs[tuple(pairs.T)].mean()) * _SCALE


def outline_points(mask: Mask) -> Points | None:
    """(N, 2) points (y, x) on the polygon of most corners around a mask (H, W); None without one of four or more."""
    polygons = [simplify(ring) for ring in outlines(mask)]
    polygons = [p for p in polygons if len(p) > 3]  # closed, so three points are a line there and back
    if not polygons:
        return None
    longest = max(reversed(polygons), key=len)
    points = []
    for start, end in pairwise(longest):
        parts = max(1, math.ceil(math.dist(start, end) / SPACING))
        points.append(start + (end - start) * np.arange(parts)[:, None] / parts)
    return np.concatenate(points)


def outlines(mask: Mask) -> list[Points]:
    """Closed outlines of a mask (H, W), between pixels, clockwise, holes the other way: (N, 2) each, first = last."""
    padded = np.pad(mask, 1)
    ways: dict[tuple[int, int], list[int]] = {}
    # an edge has the subject on its right: above it is ground where it goes right, and so on
    inside = padded[1:-1, 1:-1]
    for way, ground, offset in (
        (0, padded[:-2, 1:-1], (0, 0)),
        (1, padded[1:-1, 2:], (0, 1)),
        (2, padded[2:, 1:-1], (1, 1)),
        (3, padded[1:-1, :-2], (1, 0)),
    ):
        for y, x in np.argwhere(inside & ~ground) + offset:
            ways.setdefault((int(y), int(x)), []).append(way)
    rings = []
    for start in sorted(ways):
        while ways[start]:
            first = ways[start][0]
            place, way, ring = start, first, [start]
            while True:
                ways[place].remove(way)
                place = place[0] + _ADVANCES[way][0], place[1] + _ADVANCES[way][1]
                ring.append(place)
                # where two pixels touch at a corner, turn to the right: stay at the same pixel
                left = [*ways[place], *([first] if place == start else [])]
                way = min(left, key=lambda to, now=way: (now + 1 - to) % 4)  # type: ignore[misc]
                if place == start and way == first:
                    break
            rings.append(np.array(ring, np.float64))
    return rings


def simplify(ring: Points, tolerance: float = TOLERANCE) -> Points:
    """The points of a line (N, 2) that Douglas and Peucker keep."""
    kept = np.zeros(len(ring), bool)
    kept[[0, -1]] = True
    spans = [(0, len(ring) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        apart = _distances(ring[first + 1 : last], ring[first], ring[last])
        far = int(apart.argmax())
        if apart[far] > tolerance:
            middle = first + 1 + far
            kept[middle] = True
            spans += [(first, middle), (middle, last)]
    return ring[kept]


def _distances(points: Points, start: Points, end: Points) -> Points:
    """Of points (N, 2) to a piece of a line."""
    along = end - start
    length = float(along @ along)
    share = np.clip((points - start) @ along / length, 0, 1) if length else np.zeros(len(points))
    apart = np.hypot(*(points - start - share[:, None] * along).T)
    return np.asarray(apart.round(9))  # equal distances are equal, so the first of them counts


def shape_contexts(points: Points) -> Points:
    """(N, 60): where the other points of (N, 2) lie as seen from each, by radius and angle; rows sum to 1."""
    between = points[None] - points[:, None]
    distance = np.hypot(between[..., 0], between[..., 1])
    rings = np.searchsorted(_RADII, distance / max(float(distance.mean()), _EPS), side="right")
    angle = np.mod(np.arctan2(between[..., 0], between[..., 1]), 2 * math.pi)
    sectors = np.minimum((angle / (2 * math.pi / _ANGLES)).astype(int), _ANGLES - 1)
    bins = len(_RADII) * _ANGLES
    rows, columns = np.nonzero(rings < len(_RADII))
    where = rows * bins + rings[rows, columns] * _ANGLES + sectors[rows, columns]
    counts = np.bincount(where, minlength=len(points) * bins).reshape(-1, bins)
    return np.asarray(counts / (counts.sum(1, keepdims=True) + _EPS))


def context_costs(first: Points, second: Points) -> Points:
    """(N, M): half the chi-squared distance of the rows of (N, B) and (M, B)."""
    costs = np.zeros((len(first), len(second)))
    for a, b in zip(first.T, second.T, strict=True):
        apart, both = a[:, None] - b, a[:, None] + b
        costs += apart * apart / (both + _EPS)
    return costs / 2


def warp(costs: Points) -> npt.NDArray[np.int64]:
    """The cheapest way through (N, M) from the first pair to the last: (K, 2) pairs, each one further in either."""
    n, m = costs.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0
    for k in range(n + m - 1):  # along the falling diagonals, each of which needs the two before it alone
        i = np.arange(max(0, k - m + 1), min(n, k + 1))
        j = k - i
        before = np.minimum(np.minimum(total[i, j], total[i, j + 1]), total[i + 1, j])
        total[i + 1, j + 1] = costs[i, j] + before
    i, j, way = n - 1, m - 1, [(n - 1, m - 1)]
    while (i, j) != (0, 0):
        steps = ((i - 1, j - 1), (i - 1, j), (i, j - 1))
        i, j = min(steps, key=lambda step: total[step[0] + 1, step[1] + 1])
        way.append((i, j))
    return np.array(way[::-1])


def _one_each(pairs: npt.NDArray[np.int64], costs: Points, side: int) -> npt.NDArray[np.int64]:
    """Of the pairs of one point, the cheapest, for each point of a side."""
    order = np.lexsort((costs[tuple(pairs.T)], pairs[:, side]))
    _, first = np.unique(pairs[order, side], return_index=True)
    return pairs[order[first]]

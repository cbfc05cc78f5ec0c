"""A Gaussian filter over scattered points in a few dimensions: the permutohedral lattice.

Source: Adams, Baek & Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice", 2010.
Each point lies in a simplex of d + 1 lattice nodes. Values are splatted to these nodes with barycentric
weights, blurred by 1/2 1 1/2 along the d + 1 directions of the lattice, and sliced at the points again. Ours:
the nodes are one sorted list of integers instead of a hash table, so plain torch operations do all of it on
any device, and on a CPU the same input always gives the same bits.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_FRACTION = 1 << 20  # remainders are kept to a millionth: finer than a barycentric weight needs

_MIX = -7046029254386353131  # 2 to the 64 over the golden ratio, odd: multiplied by it, neighbours scatter


def _elevation(dimensions: int) -> Tensor:
    """The (d + 1, d) matrix that carries a point of unit deviation onto the plane of the lattice."""
    matrix = torch.zeros(dimensions + 1, dimensions, dtype=torch.float64)
    for i in range(dimensions):
        scale = math.sqrt(2 / 3) * (dimensions + 1) / math.sqrt((i + 1) * (i + 2))
        matrix[: i + 1, i] = scale
        matrix[i + 1, i] = -(i + 1) * scale
    return matrix


def _descending(rows: list[Tensor]) -> list[Tensor]:
    """Sort across a few rows, element by element; exchanges are many times faster than a sort of short columns."""
    rows = list(rows)
    for end in range(len(rows) - 1, 0, -1):
        for i in range(end):
            rows[i], rows[i + 1] = torch.maximum(rows[i], rows[i + 1]), torch.minimum(rows[i], rows[i + 1])
    return rows


def _simplices(features: Tensor) -> tuple[Tensor, Tensor, list[int]]:
    """Find the simplex around each point.

    Returns:
        Keys of its nodes (d + 1, N) int64; barycentric weights (d + 1, N) float32; for each of the d + 1
        directions of the lattice the difference between the keys of two neighbours.
    """
    d, device = features.shape[0], features.device
    corners = d + 1
    elevated = _elevation(d).to(device, torch.float32) @ features
    zero = torch.round(elevated / corners)
    # a row's number rides in the low bits of its remainder, so that sorting the one sorts the other
    remainder = ((elevated - zero * corners) * _FRACTION).to(torch.int32) * 8
    remainder += torch.arange(corners, device=device, dtype=torch.int32)[:, None]
    surplus = zero.sum(0)

    low, high = zero.amin(1), zero.amax(1)
    strides = [1]
    for least, most in zip(low.tolist()[: d - 1], high.tolist()[: d - 1], strict=True):
        strides.append(strides[-1] * int(most - least + 6) * corners)
    strides.append(0)  # coordinates sum to zero: the last follows from the others
    table = torch.tensor(strides, device=device)
    origin = (corners * table[:d, None] * (zero - low[:, None])[:d].to(torch.int64)).sum(0)

    # a node's coordinates sum to zero: too large a sum steps the smallest remainders down, too small a sum up
    ranked = _descending(list(remainder))
    for k in range(corners):
        step = (surplus < -k).to(torch.int32) - (surplus >= corners - k).to(torch.int32)
        origin += corners * step * table[ranked[k] & 7]
        ranked[k] = ranked[k] - step * (corners * _FRACTION * 8)
    ranked = _descending(ranked)

    keys = torch.empty(corners, features.shape[1], dtype=torch.int64, device=device)
    weights = torch.empty(corners, features.shape[1], device=device)
    delta = [(r >> 3).to(torch.float32) / (_FRACTION * corners) for r in ranked]
    keys[0], weights[0] = origin, 1 + delta[d] - delta[0]
    for r in range(1, corners):
        # from one corner to the next every coordinate grows by 1 and that of rank d + 1 - r falls by d + 1
        keys[r] = keys[r - 1] + sum(strides) - corners * table[ranked[corners - r] & 7]
        weights[r] = delta[d - r] - delta[corners - r]
    return keys, weights, [corners * stride - sum(strides) for stride in strides]


class _Table:
    """Where each of a sorted list of keys stands, by hashing: a search among so many costs several times more."""

    def __init__(self, keys: Tensor) -> None:
        self._keys = keys
        self._count = len(keys)
        self._bits = max(8, self._count.bit_length() + 3)
        here = torch.arange(self._count, device=keys.device, dtype=torch.int32)
        self._home = torch.full((1 << self._bits,), self._count, dtype=torch.int32, device=keys.device)
        slot = self._slot(keys)
        self._home.scatter_(0, slot, here)
        # of keys that share a slot one holds it; the others are looked for from the other side
        self._lost = (self._home.index_select(0, slot) != here).nonzero()[:, 0]
        self._held = torch.cat([keys, keys.new_full((1,), -1 << 62)])

    def _slot(self, keys: Tensor) -> Tensor:
        return ((keys * _MIX) >> (64 - self._bits)) & ((1 << self._bits) - 1)

    def links(self, difference: int) -> tuple[Tensor, Tensor]:
        """For each key the places of key + difference and of key - difference; absent ones are the count."""
        wanted = self._keys + difference
        place = self._home.index_select(0, self._slot(wanted))
        after = torch.full_like(self._held, self._count, dtype=torch.int32)
        after[:-1] = place.masked_fill_(self._held.index_select(0, place) != wanted, self._count)
        source = self._keys.index_select(0, self._lost) - difference
        found = torch.searchsorted(self._keys, source)
        found = found.masked_fill_(self._held.index_select(0, found) != source, self._count)
        after.scatter_(0, found, self._lost.to(torch.int32))
        after = after[:-1]
        before = torch.full_like(self._held, self._count, dtype=torch.int32)
        here = torch.arange(self._count, device=after.device, dtype=torch.int32)
        before.scatter_(0, after.to(torch.int64), here)
        return after, before[:-1]


class Lattice:
    """The lattice of one set of points, built once and used for many filterings.

    Attributes:
        nodes: How many nodes the points touch.

    Args:
        features: (d, N) float32, coordinates divided by the deviation of the Gaussian along each; d at most 7.
        share: (N,) float32, how many points each one stands for when values are gathered; all 1 if absent.
    """

    def __init__(self, features: Tensor, share: Tensor | None = None) -> None:
        keys, self._weights, differences = _simplices(features)
        self._corners, self._points = keys.shape
        found, index = torch.unique(keys, return_inverse=True)
        self._index = index.reshape(-1)
        self._splat = (self._weights if share is None else self._weights * share).reshape(-1)
        self.nodes = len(found)
        table = _Table(found)
        self._neighbours = [table.links(d) for d in differences]

    def filter(self, values: Tensor) -> Tensor:
        """The Gaussian-weighted sum over all points, at every point, up to one constant factor.

        Args:
            values: (N,) float32.

        Returns:
            (N,) float32.
        """
        grid = values.new_zeros(self.nodes + 1)
        spread = (values * self._splat.reshape(self._corners, -1)).reshape(-1)
        grid.scatter_add_(0, self._index, spread)
        for after, before in self._neighbours:
            sides = grid.index_select(0, after).add_(grid.index_select(0, before))
            grid[:-1].add_(sides, alpha=0.5)
        taken = grid.index_select(0, self._index).reshape(self._corners, -1)
        return taken.mul_(self._weights).sum(0)

"""Weighted linear fusion of saliency maps, the weights learnt by quadratic programming.

Source: SCNN (Tang et al., TCSVT 2019), eq. 7-8: ``S = sum_i w_i S_i`` with
``w* = argmin ||G - sum_i w_i S_i||`` over the frames that have ground truth G; MSST and
STAN fuse the same way. The papers give no constraints. Here ``w >= 0`` and ``sum w = 1``, so
that the fused map stays in 0..1; plain least squares is there as an option.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Map

Array = npt.NDArray[np.float64]

RIDGE = 1e-8  # two providers that say the same get the same weight instead of a singular matrix
ENUMERATED = 6  # up to here all 2^N - 1 supports are tried: 63 systems of at most 7 unknowns


class Evidence:
    """The sums a fusion is solved from; frames come and go, the sums stay small.

    Args:
        providers: How many maps every frame has, N.

    Attributes:
        frames: Frames added.
    """

    def __init__(self, providers: int) -> None:
        self.frames = 0
        self._h = np.zeros((providers, providers))
        self._f = np.zeros(providers)
        self._g = 0.0

    def add(self, maps: npt.NDArray[np.floating], truth: npt.NDArray[np.floating]) -> None:
        """Count one frame in. Sums are divided by its pixels, so that big frames do not dominate.

        Args:
            maps: (N, H, W), 0..1.
            truth: (H, W), 0..1.

        Raises:
            ValueError: Shapes differ.
        """
        if maps.shape != (len(self._f), *truth.shape):
            raise ValueError(f"maps are {maps.shape}, expected {(len(self._f), *truth.shape)}")
        s = np.asarray(maps, np.float64).reshape(len(maps), -1)
        g = np.asarray(truth, np.float64).ravel()
        self._h += s @ s.T / g.size
        self._f += s @ g / g.size
        self._g += float(g @ g) / g.size
        self.frames += 1

    @property
    def h(self) -> Array:
        """(N, N) mean over frames of the mean product of maps i and j."""
        return self._h / max(self.frames, 1)

    @property
    def f(self) -> Array:
        """(N,) mean over frames of the mean product of map i and the truth."""
        return self._f / max(self.frames, 1)

    def error(self, weights: npt.NDArray[np.floating]) -> float:
        """Mean squared difference of the fused maps and the truth, over frames and pixels."""
        w = np.asarray(weights, np.float64)
        value = w @ self.h @ w - 2 * self.f @ w + self._g / max(self.frames, 1)
        return max(float(value), 0.0)

    def solve(self, constrained: bool = True) -> Array:
        """Best weights, see :func:`solve_weights`.

        Raises:
            ValueError: No frame has been added.
        """
        if not self.frames:
            raise ValueError("no frame with ground truth: nothing to learn weights from")
        return solve_weights(self.h, self.f, constrained)


def solve_weights(h: Array, f: Array, constrained: bool = True) -> Array:
    """Minimise ``w^T H w / 2 - f^T w``.

    Args:
        h: (N, N) symmetric, positive semi-definite.
        f: (N,).
        constrained: On the simplex ``w >= 0, sum w = 1``; otherwise plain least squares
            (as in DRFI), whose weights may be negative.

    Returns:
        (N,) float64 weights. Exact up to rounding: on the simplex either all supports are tried
        (N <= 6) or an active-set method walks to the one that meets the optimality conditions.
    """
    h = np.asarray(h, np.float64) + RIDGE * np.eye(len(f))
    f = np.asarray(f, np.float64)
    if not constrained:
        return np.asarray(np.linalg.solve(h, f), np.float64)
    weights = _over_supports(h, f) if len(f) <= ENUMERATED else _active_set(h, f)
    weights = np.clip(weights, 0, None)
    return np.asarray(weights / weights.sum(), np.float64)


def fuse_maps(maps: npt.NDArray[np.floating], weights: npt.NDArray[np.floating]) -> Map:
    """(N, H, W) maps and (N,) weights -> (H, W) float32 in 0..1 (clipped, for unconstrained weights)."""
    total = np.tensordot(np.asarray(weights, np.float32), np.asarray(maps, np.float32), axes=1)
    return np.asarray(np.clip(total, 0, 1), np.float32)


def _stationary(h: Array, f: Array, support: list[int]) -> Array:
    """The minimum on the plane ``sum w = 1`` with all weights outside ``support`` zero; may be negative."""
    n = len(support)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = h[np.ix_(support, support)]
    system[n, n] = 0
    out = np.zeros(len(f))
    out[support] = np.linalg.solve(system, np.append(f[support], 1.0))[:n]
    return out


def _over_supports(h: Array, f: Array) -> Array:
    """The best feasible stationary point: the optimum is stationary on its own support."""
    best, lowest = np.full(len(f), 1 / len(f)), np.inf
    for size in range(1, len(f) + 1):
        for support in combinations(range(len(f)), size):
            w = _stationary(h, f, list(support))
            value = float(w @ h @ w / 2 - f @ w)
            if w.min() >= 0 and value < lowest:
                best, lowest = w, value
    return best


def _active_set(h: Array, f: Array) -> Array:
    """Lawson and Hanson's way with the sum held at one: grow the support while that lowers the cost."""
    start = int(np.argmin(np.diag(h) / 2 - f))
    w = np.zeros(len(f))
    w[start] = 1.0
    support = [start]
    for _ in range(20 * len(f)):
        slope = h @ w - f
        level = float(slope[support].mean())
        outside = [i for i in range(len(f)) if i not in support]
        if not outside or slope[outside].min() >= level - 1e-12:
            break
        support.append(outside[int(np.argmin(slope[outside]))])
        while (target := _stationary(h, f, support)).min() < 0:
            # go towards it as far as all weights stay positive, and drop the one that hits zero
            losing = [i for i in support if target[i] < 0]
            steps = [w[i] / (w[i] - target[i]) for i in losing]
            w = w + min(steps) * (target - w)
            gone = losing[int(np.argmin(steps))]
            w[gone] = 0.0
            support.remove(gone)
        w = target
    return w

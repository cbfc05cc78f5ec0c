import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from vsod_models.labels.map_fusion import ENUMERATED, Evidence, fuse_maps, solve_weights


def problem(providers, seed, pixels=60):
    """Maps that each see a part of the truth, wrapped in noise of their own."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(pixels) > 0.6).astype(float)
    trust = rng.random((providers, 1))
    maps = np.clip(trust * truth + (1 - trust) * rng.random((providers, pixels)), 0, 1)
    return maps @ maps.T / pixels, maps @ truth / pixels, maps, truth


def cost(h, f, w):
    return w @ h @ w / 2 - f @ w


def slsqp(h, f):
    n = len(f)
    found = minimize(
        lambda w: cost(h, f, w),
        np.full(n, 1 / n),
        jac=lambda w: h @ w - f,
        bounds=[(0, 1)] * n,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(n)},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return found.x


@pytest.mark.parametrize("providers", [1, 2, 3, 4, ENUMERATED, ENUMERATED + 1, 10])
@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_a_general_solver(providers, seed):
    h, f, _, _ = problem(providers, seed)
    w = solve_weights(h, f)
    theirs = slsqp(h, f)
    assert cost(h, f, w) <= cost(h, f, theirs) + 1e-9
    assert np.abs(w - theirs).max() < 1e-3


def test_agrees_with_a_fine_grid():
    h, f, _, _ = problem(3, 11)
    steps = np.linspace(0, 1, 201)
    grid = np.array([(a, b, 1 - a - b) for a in steps for b in steps if a + b <= 1 + 1e-9])
    costs = np.einsum("ki,ij,kj->k", grid, h, grid) / 2 - grid @ f
    w = solve_weights(h, f)
    assert cost(h, f, w) <= costs.min() + 1e-12
    assert np.abs(w - grid[costs.argmin()]).max() <= 0.006


def test_a_hand_computed_case():
    # two maps of two pixels, truth (1, 0): error of w, 1-w on maps (1, .5) and (.5, 0) is
    # (.5 - .5w)^2 + (.5w)^2, smallest at w = 1/2
    evidence = Evidence(2)
    evidence.add(np.array([[[1, 0.5]], [[0.5, 0]]]), np.array([[1.0, 0]]))
    assert evidence.solve() == pytest.approx([0.5, 0.5], abs=1e-6)
    assert evidence.error(evidence.solve()) == pytest.approx(2 * 0.25**2 / 2)
    # plain least squares: 2 w1 + w2 = 2 and w1 = 0 at no error
    assert evidence.solve(constrained=False) == pytest.approx([0, 2], abs=1e-5)
    assert evidence.error(evidence.solve(constrained=False)) == pytest.approx(0, abs=1e-9)


def test_both_methods_find_the_same_optimum(monkeypatch):
    problems = [problem(n, seed) for n in (2, 3, 5, 6) for seed in range(10)]
    exact = [solve_weights(h, f) for h, f, _, _ in problems]
    monkeypatch.setattr("vsod_models.labels.map_fusion.ENUMERATED", 0)
    for (h, f, _, _), w in zip(problems, exact, strict=True):
        assert solve_weights(h, f) == pytest.approx(w, abs=1e-6)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 12)), elements=st.floats(0, 1)), st.data()
)
def test_on_the_simplex_and_never_worse_than_one_alone_or_all_alike(maps, data):
    n, pixels = maps.shape
    truth = data.draw(arrays(np.float64, pixels, elements=st.sampled_from([0.0, 1.0])))
    evidence = Evidence(n)
    evidence.add(maps[:, None], truth[None])
    w = evidence.solve()
    assert w.min() >= 0 and w.sum() == pytest.approx(1)
    rivals = [*np.eye(n), np.full(n, 1 / n)]
    assert evidence.error(w) <= min(evidence.error(r) for r in rivals) + 1e-6
    fused = fuse_maps(maps[:, None], w)
    assert fused.min() >= 0 and fused.max() <= 1
    assert evidence.error(w) == pytest.approx(float(((fused - truth) ** 2).mean()), abs=1e-5)


def test_twins_share_their_weight():
    h, f, maps, truth = problem(2, 3)
    twins = np.vstack((maps, maps[1:]))
    w = solve_weights(twins @ twins.T / truth.size, twins @ truth / truth.size)
    alone = solve_weights(h, f)
    assert w[1] == pytest.approx(w[2], abs=1e-6) and w[1] + w[2] == pytest.approx(alone[1], abs=1e-5)


def test_big_frames_do_not_dominate():
    small, big = np.zeros((2, 2, 2)), np.zeros((2, 40, 40))
    small[0], big[1] = 1, 1  # the first map is right on the small frame, the second on the big one
    evidence = Evidence(2)
    evidence.add(small, np.ones((2, 2)))
    evidence.add(big, np.ones((40, 40)))
    assert evidence.frames == 2 and evidence.solve() == pytest.approx([0.5, 0.5], abs=1e-6)


def test_fused_maps_stay_maps():
    maps = np.array([[[0.2, 1.0]], [[0.6, 1.0]]])
    assert fuse_maps(maps, np.array([0.25, 0.75])) == pytest.approx(np.array([[0.5, 1.0]]))
    assert fuse_maps(maps, np.array([2.0, -0.5])).tolist() == [[pytest.approx(0.1), 1.0]]
    assert fuse_maps(maps, np.array([-1.0, 0.0])).max() == 0


def test_wrong_shapes_and_no_frames_are_errors():
    with pytest.raises(ValueError, match="expected"):
        Evidence(2).add(np.zeros((2, 4, 4)), np.zeros((4, 5)))
    with pytest.raises(ValueError, match="no frame"):
        Evidence(2).solve()

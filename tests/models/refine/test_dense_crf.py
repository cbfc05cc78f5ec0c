import dataclasses

import cv2
import numpy as np
import pytest
import torch

from vsod_models.refine import bench_crf, open_dense_crf
from vsod_models.refine.dense_crf import PRESETS, CRFParameters, unary
from vsod_models.refine.mean_field import MeanField, _Sample, _taps, blur
from vsod_models.refine.permutohedral import Lattice


def scene(height, width, seed=0):
    """A shaded ellipse on a shaded ground with grain, and a blurred noisy map of it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    truth = np.hypot((x - 0.55 * width) / (0.27 * width + 0.6), (y - 0.5 * height) / (0.3 * height + 0.6)) < 1
    slope = y / height
    ground = np.stack([70 + 60 * x / width, 90 + 40 * slope, 60 + 50 * slope], -1)
    thing = np.stack([170 - 30 * slope, 110 + 40 * x / width, np.full_like(slope, 70)], -1)
    rgb = np.where(truth[..., None], thing, ground) + rng.normal(0, 2.5, (height, width, 3))
    soft = cv2.GaussianBlur(truth.astype(np.float32), (0, 0), max(height, width) / 10)
    saliency = 0.9 * soft + 0.04 + rng.normal(0, 0.02, truth.shape)
    return rgb.clip(0, 255).astype(np.uint8), saliency.clip(0, 1).astype(np.float32), truth


def kernels(rgb, chosen):
    """Both kernels as full matrices, float64."""
    height, width = rgb.shape[:2]
    place = np.stack(np.mgrid[:height, :width], -1).reshape(-1, 2).astype(float)
    colour = rgb.reshape(-1, 3).astype(float)
    far = ((place[:, None] - place) ** 2).sum(-1)
    unlike = ((colour[:, None] - colour) ** 2).sum(-1)
    bilateral = np.exp(-far / (2 * chosen.theta_alpha**2) - unlike / (2 * chosen.theta_beta**2))
    return bilateral, np.exp(-far / (2 * chosen.theta_gamma**2))


def brute_force(rgb, saliency, chosen):
    """The textbook mean field with two labels and full matrices."""
    chance = saliency.astype(float)
    if chosen.normalise:
        chance = (chance - chance.min()) / (chance.max() - chance.min())
    both = np.stack([1 - chance, chance]).reshape(2, -1)
    if chosen.tau is None:
        energy = -np.log(both.clip(1e-5))
    else:  # DSS
        energy = -np.log(both + 1e-8) / (chosen.tau / (1 + np.exp(-both)))
    pairs = []
    for weight, kernel in zip((chosen.w_bilateral, chosen.w_smooth), kernels(rgb, chosen), strict=True):
        scale = 1 / np.sqrt(kernel.sum(1))
        pairs.append(weight * kernel * scale * scale[:, None])
    q = np.exp(-energy)
    q /= q.sum(0)
    for _ in range(chosen.iterations):
        q = np.exp(-energy + sum(q @ pair for pair in pairs))
        q /= q.sum(0)
    return q[1].reshape(saliency.shape)


SETS = {
    **PRESETS,
    "bilateral alone": CRFParameters(5, 8, 20, 0, 3, 5),
    "smoothness alone": CRFParameters(0, 8, 20, 3, 1.5, 5),
    "one iteration": CRFParameters(5, 8, 20, 3, 3, 1),
    "normalised": CRFParameters(normalise=True),
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("size", [(32, 32), (31, 17), (1, 32), (32, 1), (2, 3), (1, 1)])
def test_agrees_with_brute_force(name, size):
    rgb, saliency, _ = scene(*size)
    chosen = SETS[name]
    if size == (1, 1):
        chosen = dataclasses.replace(chosen, normalise=False)
    true = brute_force(rgb, saliency, chosen)
    ours = MeanField().refine(rgb, saliency, chosen)
    assert ours.shape == size and ours.dtype == np.float32
    assert np.abs(ours - true).mean() < 0.02  # the lattice's error; docs/dense-crf.md
    if np.prod(size) > 500:
        assert np.abs(saliency - true).mean() > 0.1  # there was something to do


def test_bilateral_kernel_agrees_with_its_matrix():
    rng = np.random.default_rng(1)
    points = torch.from_numpy(rng.uniform(0, 2, (5, 2000)).astype(np.float32))
    far = torch.cdist(points.T.double(), points.T.double())
    matrix = torch.exp(-0.5 * far**2)
    lattice = Lattice(points)
    scale = matrix.sum(1).mean() / lattice.filter(torch.ones(2000)).double().mean()
    for values in (torch.ones(2000), points[0], torch.rand(2000, generator=torch.Generator().manual_seed(0))):
        true = matrix @ values.double()
        ours = lattice.filter(values).double() * scale
        assert ((ours - true) / true).abs().mean() < 0.06


def test_lattice_in_one_dimension_has_the_deviation_asked_for():
    place = torch.arange(400.0)
    answer = Lattice(place[None] / 12).filter((place == 200).float())
    # barycentric splat and slice and the blur between them: the lattice's scale makes their variances add to one
    deviation = ((answer * (place - 200) ** 2).sum() / answer.sum()).sqrt()
    assert 0.85 * 12 < deviation < 1.15 * 12
    assert abs(float((answer * (place - 200)).sum() / answer.sum())) < 1.5


def test_a_share_counts_like_so_many_points():
    rng = np.random.default_rng(2)
    points = torch.from_numpy(rng.uniform(0, 3, (5, 50)).astype(np.float32))
    values = torch.from_numpy(rng.normal(size=50).astype(np.float32))
    thrice = Lattice(points.repeat(1, 3)).filter(values.repeat(3))[:50]
    assert torch.allclose(Lattice(points, torch.full((50,), 3.0)).filter(values), thrice, atol=1e-4)


@pytest.mark.parametrize("size", [(40, 33), (1, 50), (50, 1), (3, 3)])
def test_smoothness_kernel_agrees_with_its_matrix(size):
    rng = np.random.default_rng(3)
    image = rng.uniform(-1, 1, size).astype(np.float32)
    matrix = kernels(np.zeros((*size, 3), np.uint8), CRFParameters(theta_gamma=3))[1]
    taps = _taps(3, torch.device("cpu"))
    ours = blur(torch.from_numpy(image), taps).numpy()
    true = (matrix @ image.reshape(-1)).reshape(size)
    assert np.abs(ours - true).max() < 0.02 * matrix.sum(1).max()  # what lies beyond three deviations
    radius = len(taps) // 2
    padded = np.pad(image, radius).astype(float)
    window = np.outer(taps, taps)
    exact = [
        [(padded[y : y + 2 * radius + 1, x : x + 2 * radius + 1] * window).sum() for x in range(size[1])]
        for y in range(size[0])
    ]
    assert np.abs(ours - exact).max() < 1e-4


def test_filters_are_symmetric():
    rng = np.random.default_rng(4)
    a, b = (torch.from_numpy(rng.normal(size=600).astype(np.float32)) for _ in range(2))
    lattice = Lattice(torch.from_numpy(rng.uniform(0, 2, (5, 600)).astype(np.float32)))
    forth, back = float(a @ lattice.filter(b)), float(b @ lattice.filter(a))
    # the blur's directions do not quite commute where nodes are missing
    assert abs(forth - back) < 0.02 * float(a.norm() * lattice.filter(b).norm())


def test_labels_are_interchangeable():
    rgb, saliency, _ = scene(40, 50)
    saliency = saliency.clip(0.01, 0.99)
    straight = MeanField().refine(rgb, saliency)
    swapped = MeanField().refine(rgb, (1 - saliency).astype(np.float32))
    assert np.abs(straight + swapped - 1).max() < 1e-4


def test_mirrored_pictures_give_nearly_mirrored_maps():
    rgb, saliency, _ = scene(48, 64)
    straight = MeanField().refine(rgb, saliency)
    mirrored = MeanField().refine(rgb[:, ::-1], saliency[:, ::-1])[:, ::-1]
    assert np.abs(straight - mirrored).mean() < 0.01


@pytest.mark.parametrize("value", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("size", [(9, 13), (300, 300)])
def test_constant_pictures_and_maps(value, size):
    rgb = np.full((*size, 3), 120, np.uint8)
    out = MeanField().refine(rgb, np.full(size, value, np.float32))
    if value == 0.5:
        assert np.abs(out - 0.5).max() < 1e-4
    else:
        assert (np.abs(out - round(value)) < 0.01).all()  # all agree, so all become surer


def test_colour_decides_where_the_map_does_not_know():
    rgb, _, truth = scene(200, 300)
    saliency = np.full(truth.shape, 0.05, np.float32)
    saliency[20:-20, 20:-20] = 0.5
    saliency[90:110, 150:180] = 0.95
    out = MeanField().refine(rgb, saliency, argmax=True) > 0.5
    assert (out & truth).sum() / (out | truth).sum() > 0.9


def test_argmax_is_the_posterior_cut_in_half():
    rgb, saliency, _ = scene(60, 80)
    soft = MeanField().refine(rgb, saliency)
    hard = MeanField().refine(rgb, saliency, argmax=True)
    assert hard.dtype == np.float32 and set(np.unique(hard)) == {0.0, 1.0}
    assert ((soft > 0.5) == (hard > 0.5)).all()
    assert soft.min() >= 0 and soft.max() <= 1 and len(np.unique(soft)) > 100


def test_normalising_stretches_the_map_first():
    rgb, saliency, _ = scene(60, 80)
    flat = (0.3 + 0.1 * saliency).astype(np.float32)
    least, most = flat.min(), flat.max()
    stretched = MeanField().refine(rgb, (flat - least) / (most - least))
    assert np.array_equal(MeanField().refine(rgb, flat, CRFParameters(normalise=True)), stretched)
    assert MeanField().refine(rgb, flat).max() < 0.5 < stretched.max()
    even = np.full((60, 80), 0.3, np.float32)
    assert np.isfinite(MeanField().refine(rgb, even, CRFParameters(normalise=True))).all()


def test_no_iterations_give_the_clipped_map():
    rgb, saliency, _ = scene(20, 30)
    out = MeanField().refine(rgb, saliency, CRFParameters(iterations=0))
    assert np.allclose(out, saliency.clip(1e-5, 1 - 1e-5), atol=1e-5)


@pytest.mark.parametrize("size", [(307, 411), (256, 257)])
def test_blocks_change_little(size):
    rgb, saliency, truth = scene(*size)
    every = MeanField(block=1).refine(rgb, saliency)
    some = MeanField(block=4).refine(rgb, saliency)
    assert np.abs(every - some).mean() < 0.003
    a, b = every > 0.5, some > 0.5
    assert (a & b).sum() / (a | b).sum() > 0.99
    assert (b & truth).sum() / (b | truth).sum() > 0.95


def test_sample_speaks_for_every_pixel():
    _, saliency, _ = scene(203, 301)
    odds = torch.from_numpy(unary(np.zeros((203, 301, 3), np.uint8), saliency, CRFParameters()))
    sample = _Sample(odds, 4)
    assert len(sample.pixel) < 0.4 * odds.numel()
    assert len(set(sample.pixel.tolist())) == len(sample.pixel) == len(sample.share)
    rows, columns = np.divmod(sample.pixel[sample.nearest].numpy().reshape(odds.shape), 301)
    y, x = np.mgrid[:203, :301]
    assert np.abs(rows - y).max() <= 2 and np.abs(columns - x).max() <= 2
    hesitant = odds.abs().numpy() < 1
    assert ((rows == y) & (columns == x))[hesitant].mean() > 0.5


def test_the_same_bits_again():
    rgb, saliency, _ = scene(301, 402)
    engine = MeanField()
    first = engine.refine(rgb, saliency)
    engine.refine(rgb[:100, :100], saliency[:100, :100])
    assert np.array_equal(first, engine.refine(rgb, saliency))
    assert np.array_equal(first, MeanField().refine(rgb.copy(), saliency.copy()))


def test_views_and_read_only_arrays_are_taken_and_left_alone():
    rgb, saliency, _ = scene(40, 60)
    expected = MeanField().refine(rgb[::2, ::-2].copy(), saliency[::2, ::-2].copy())
    rgb.flags.writeable = saliency.flags.writeable = False
    before = saliency.copy()
    assert np.array_equal(MeanField().refine(rgb[::2, ::-2], saliency[::2, ::-2]), expected)
    assert np.array_equal(before, saliency)


def test_threads_of_torch_are_given_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        rgb, saliency, _ = scene(20, 20)
        MeanField(threads=1).refine(rgb, saliency)
        assert torch.get_num_threads() == 2
        with pytest.raises(ValueError):
            MeanField().refine(rgb, saliency[:5])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("rgb", "saliency"),
    [
        (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 6), np.float32)),
        (np.zeros((4, 5, 3), np.float32), np.zeros((4, 5), np.float32)),
        (np.zeros((4, 5), np.uint8), np.zeros((4, 5), np.float32)),
        (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8)),
        (np.zeros((4, 5, 3), np.uint8), np.full((4, 5), 1.1, np.float32)),
        (np.zeros((4, 5, 3), np.uint8), np.full((4, 5), np.nan, np.float32)),
        (np.zeros((0, 5, 3), np.uint8), np.zeros((0, 5), np.float32)),
    ],
)
def test_wrong_arrays_are_refused(rgb, saliency):
    with pytest.raises(ValueError):
        MeanField().refine(rgb, saliency)


def test_wrong_settings_are_refused():
    for wrong in ({"theta_beta": 0}, {"w_smooth": -1}, {"iterations": -1}, {"tau": 0.0}):
        with pytest.raises(ValueError):
            CRFParameters(**wrong)
    with pytest.raises(ValueError):
        MeanField(block=0)
    with pytest.raises(ValueError, match="no dense CRF"):
        open_dense_crf("exact")


def test_factory_opens_our_engine():
    rgb, saliency, _ = scene(20, 30)
    with open_dense_crf() as engine:
        assert np.array_equal(engine.refine(rgb, saliency), MeanField().refine(rgb, saliency))


def test_presets_are_the_published_ones():
    assert dataclasses.astuple(PRESETS["pdb"]) == (5, 60, 5, 3, 3, 5, False, None)
    assert dataclasses.astuple(PRESETS["dcl"]) == (5, 50, 3, 3, 3, 3, False, None)
    assert dataclasses.astuple(PRESETS["dss"]) == (5, 60, 5, 3, 3, 1, False, 1.05)
    assert dataclasses.astuple(PRESETS["deeplab-v1"]) == (4, 121, 5, 3, 3, 10, False, None)
    assert dataclasses.astuple(PRESETS["deeplab-v2"]) == (4, 67, 3, 3, 1, 10, False, None)


def test_the_unary_of_dss_is_surer_of_what_is_unlikely():
    """Energies by hand: -log p / (1.05 sigmoid(p))."""
    level = np.array([[0.0, 0.25, 0.5, 1.0]], np.float32)
    found = unary(np.zeros((1, 4, 3), np.uint8), level, PRESETS["dss"])[0]

    def energy(p):
        return -np.log(p + 1e-8) * (1 + np.exp(-p)) / 1.05

    assert found == pytest.approx([energy(1 - p) - energy(p) for p in (0, 0.25, 0.5, 1)], abs=1e-4)
    assert found[2] == 0 and found[3] == pytest.approx(-found[0]) and found[3] > 35


def test_the_bench_measures_against_the_same_truth():
    rgb, saliency, _ = scene(23, 31)
    for chosen in (PRESETS["pdb"], CRFParameters(5, 8, 20, 3, 1.5, 2)):
        true = brute_force(rgb, saliency, chosen)
        assert np.abs(bench_crf.brute_force(rgb, saliency, chosen) - true).max() < 1e-4


def test_the_bench_prints_its_table(tmp_path, capsys, monkeypatch):
    for i in range(2):
        rgb, saliency, _ = scene(48, 64, i)
        for folder, image in (("pictures", rgb[..., ::-1]), ("maps", (255 * saliency).astype(np.uint8))):
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / f"{i}.png"), image)
    words = ["bench_crf", str(tmp_path / "pictures"), str(tmp_path / "maps"), "--repeats", "1", "--exact"]
    monkeypatch.setattr("sys.argv", [*words, "--width", "32", "--soften", "0.5"])
    monkeypatch.setattr(bench_crf, "PyDenseCRF", missing)
    with pytest.raises(SystemExit, match="not here"):
        bench_crf.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 frames of 32x24, pdb") and len(lines) == 6
    unrefined, ours = (float(line.split("|")[4].split()[0]) for line in lines[3:5])
    assert ours < 0.02 < unrefined


def missing():
    raise ImportError("not here")

"""What is measured is the matte of the export, at the maps' size; transitions are found in the pictures."""

import cv2
import numpy as np
import pytest

from helpers.clips import write_pictures
from vsod.analysis.measure_metrics import measure_metrics
from vsod.core.matte_settings import MatteSettings
from vsod.core.shot_detection import detect_cuts, detect_dissolves
from vsod.matte.preview_mattes import PreviewMattes, at_size
from vsod.matte.refine_frames import refine_frames
from vsod.media.sources.opening import open_source
from vsod.qc.metrics_store import MetricsStore
from vsod.storage.map_store import MapStore
from vsod_models.metrics import no_reference

SIZE, MAP = (384, 224), (96, 56)


def shot(seed, count):
    """A textured ground that is panned over slowly, and a disc: a list of (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    ground = cv2.GaussianBlur(rng.integers(0, 256, (SIZE[1], SIZE[0] * 2, 3), np.uint8), (0, 0), 9)
    ground = cv2.normalize(ground, None, 0, 255, cv2.NORM_MINMAX)
    pictures = []
    for t in range(count):
        picture = ground[:, t : t + SIZE[0]].copy()
        cv2.circle(picture, (120 + t, 112), 50, (int(60 * seed), 200, 90), -1)
        pictures.append(picture)
    return pictures


def saliency(t):
    disc = np.zeros((MAP[1], MAP[0]), np.float32)
    cv2.circle(disc, (30 + t // 4, 28), 13, 1.0, -1)
    return cv2.GaussianBlur(disc, (0, 0), 2)


def filled(source, folder, frames=None):
    store = MapStore(folder, source.info.frame_count)
    for index in frames or range(source.info.frame_count):
        store.put(index, saliency(index))
    return store


def measured(source, store, folder, settings):
    metrics = MetricsStore(folder, store.count, settings)
    if settings is None:
        list(measure_metrics(source, store, metrics))
    else:
        with PreviewMattes(settings, SIZE[0]) as mattes:
            list(measure_metrics(source, store, metrics, mattes))
    return metrics.snapshot()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("preview") / "pan.mkv", shot(1, 12))


@pytest.mark.parametrize(
    "settings",
    [
        MatteSettings(),
        MatteSettings(temporal_smoothing=0, threshold=0.5),
        MatteSettings(feather=12),
        MatteSettings(grow=8, black=0.2, white=0.8),
        MatteSettings(edges="soft"),
    ],
    ids=lambda settings: " ".join(settings.to_options()) or "usual",
)
def test_a_small_matte_measures_like_the_exported_one(clip, tmp_path, settings):
    with open_source(clip) as source:
        store = filled(source, tmp_path)
        values = measured(source, store, tmp_path, settings)
        for frame, matte in refine_frames(source, store, range(12), settings):
            area, soft = no_reference.area(matte), no_reference.softness(matte) * MAP[0] / SIZE[0]
            assert values["area"][frame.index] == pytest.approx(area, rel=0.06)
            assert values["softness"][frame.index] == pytest.approx(soft, rel=0.25, abs=0.4)


def test_settings_change_what_is_of_the_matte_alone(clip, tmp_path):
    with open_source(clip) as source:
        store = filled(source, tmp_path)
        raw, hard = (
            measured(source, store, tmp_path, settings) for settings in (None, MatteSettings(threshold=0.5))
        )
        soft = measured(source, store, tmp_path, MatteSettings(feather=20))
    assert (hard["softness"] == 0).all() and (soft["softness"] > 2 * raw["softness"]).all()
    for metric in ("confidence", "change", "motion"):
        assert np.allclose(raw[metric], hard[metric]) and np.allclose(raw[metric], soft[metric]), metric


def test_a_matte_is_measured_once_its_neighbours_have_maps(clip, tmp_path):
    with open_source(clip) as source:
        store = filled(source, tmp_path, range(3, 10))
        values = measured(source, store, tmp_path, MatteSettings())
        assert np.flatnonzero(values.measured).tolist() == [6]
        assert np.isnan(values["flicker"][6])
        values = measured(source, filled(source, tmp_path), tmp_path, MatteSettings())
        assert not np.isnan(values.values).any()


def test_sizes_are_those_of_the_source():
    small = at_size(MatteSettings(feather=8, grow=-4, despeckle=160, fill_holes=32, gamma=2), 0.25)
    assert small == MatteSettings(feather=2, grow=-1, despeckle=10, fill_holes=2, gamma=2)


def mixed(first, second, length):
    """``first`` dissolves into ``second`` over ``length`` frames."""
    shares = [(k + 1) / (length + 1) for k in range(length)]
    pairs = zip(first[-length:], second[:length], shares, strict=True)
    blend = [cv2.addWeighted(a, 1 - s, b, s, 0) for a, b, s in pairs]
    return [*first[:-length], *blend, *second[length:]]


@pytest.mark.parametrize("length", [1, 4, 8, 12])
def test_a_dissolve_is_found_where_it_is(tmp_path, length):
    pictures = mixed(shot(1, 20 + length), shot(2, 20 + length), length)
    with open_source(write_pictures(tmp_path / "mix.mkv", pictures)) as source:
        values = measured(source, filled(source, tmp_path), tmp_path, None)
    (found,) = detect_dissolves(values["dissolve"])
    assert found.start <= 20 + length // 4 and found.stop >= 20 + length
    assert len(found) <= length + 12


def test_a_fade_is_a_transition_and_a_cut_a_pan_and_a_flash_are_none(tmp_path):
    black = [np.zeros_like(picture) for picture in shot(1, 24)]
    fade = mixed(shot(1, 24), black, 12)
    flash = shot(1, 30)
    flash[15] = np.full_like(flash[15], 250)
    clips = {"fade": fade, "cut": shot(1, 15) + shot(2, 15), "pan": shot(3, 30), "flash": flash}
    found = {}
    for name, pictures in clips.items():
        (tmp_path / name).mkdir()
        with open_source(write_pictures(tmp_path / f"{name}.mkv", pictures)) as source:
            values = measured(source, filled(source, tmp_path / name), tmp_path / name, None)
        found[name] = (
            len(detect_dissolves(values["dissolve"])),
            np.flatnonzero(detect_cuts(values["change"])).tolist(),
        )
    assert found == {"fade": (1, []), "cut": (0, [15]), "pan": (0, []), "flash": (0, [])}

"""A model as its paper measures it: nothing of ours behind the network, and the paper's CRF."""

from dataclasses import replace

import numpy as np
import pytest

from vsod.cli.lab import evaluate as command
from vsod.cli.main import main
from vsod.core.matte_settings import MatteSettings
from vsod.inference.model_registry import require_model
from vsod.lab.evaluation import evaluate as measuring
from vsod.lab.evaluation.paper_measuring import PresetCRF, paper_crf
from vsod.lab.evaluation.scoring import rescale_map
from vsod_models.metrics.clip_scores import ClipScorer
from vsod_models.metrics.protocols import DAVIS, DAVSOD, FLAT, PROTOCOLS
from vsod_models.refine.dense_crf import PRESETS


def test_the_command_knows_all_there_are():
    assert set(command.PROTOCOLS) == set(PROTOCOLS) and set(command.CRF_PRESETS) == set(PRESETS)


def test_each_paper_ends_in_its_own_crf():
    for protocol in (DAVSOD, FLAT, DAVIS):
        assert [paper_crf(m, protocol) for m in ("scnn", "msst", "stan")] == ["dcl"] * 3
        assert paper_crf("dsnet", protocol) is None and paper_crf("swift", protocol) is None
    assert [paper_crf("pdb", p) for p in (DAVSOD, FLAT, DAVIS)] == [None, None, "pdb"]


def scored_maps(monkeypatch):
    """The maps that are scored."""
    seen = []

    class Spy(ClipScorer):
        def add(self, saliency, *rest, **more):
            seen.append(saliency.copy())
            return super().add(saliency, *rest, **more)

    monkeypatch.setattr(measuring, "ClipScorer", Spy)
    return seen


def test_published_is_the_networks_own_answer_enlarged(data, monkeypatch):
    import cv2

    from vsod.analysis.analyse import AnalysisRequest
    from vsod.lab.datasets import labelled_clips

    half = require_model("swift").decision_threshold
    assert half != 0.5
    seen = scored_maps(monkeypatch)
    measuring.evaluate("swift", data, protocol=FLAT, published=True, matte_settings=MatteSettings(feather=5))
    (clip,) = labelled_clips(data, "val")
    with clip.open() as source:
        store = measuring.analyse_whole_clip(source, AnalysisRequest((("swift", (range(12),)),)))
        own = [rescale_map(store.require(i), half, 0.5) for i in range(12)]
    assert len(seen) == 12
    for shown, answer in zip(seen, own, strict=True):
        enlarged = cv2.resize(answer, (854, 480), interpolation=cv2.INTER_LINEAR)
        assert np.abs(shown - enlarged).max() < 0.02
    assert ((seen[5] > 0.5) != (rescale_map(seen[5], 0.5, half) > 0.5)).any()


def test_a_threshold_stands_in_for_the_models_own(data, monkeypatch):
    """PDB's 0.42 (section 4.2): what the network gives 0.42 counts as one half."""
    seen = scored_maps(monkeypatch)
    for options in (
        {"published": True},
        {"published": True, "decision_threshold": 0.42},
        {"decision_threshold": 0.42},
    ):
        measuring.evaluate("swift", data, protocol=FLAT, **options)
    own, cut, ours = seen[5], seen[len(seen) // 3 + 5], seen[2 * len(seen) // 3 + 5]
    assert ((own > 0.42) != (cut > 0.5)).mean() < 2e-3  # cut before and after it is enlarged
    assert ((own > 0.5) != (cut > 0.5)).any() and (cut > 0.5).sum() > (own > 0.5).sum()
    assert (ours > 0.5).sum() != (cut > 0.5).sum()  # smoothed, along the picture's edges


def test_a_threshold_lies_between_0_and_1(data):
    for wrong in ("0", "1", "half"):
        with pytest.raises(SystemExit):
            main(["evaluate", "swift", "--data", str(data), "--decision-threshold", wrong])
    assert main(["evaluate", "--tables", "pdb", "--data", str(data), "--decision-threshold", "0.42"]) == 2
    assert main(["evaluate", "--maps", str(data), "--data", str(data), "--decision-threshold", "0.42"]) == 2


def test_the_papers_crf_is_run_unless_it_is_switched_off(data, monkeypatch):
    asked = []

    class Spy(PresetCRF):
        def __init__(self, preset):
            asked.append(preset)
            super().__init__(preset)

        def __call__(self, saliency, picture):
            assert picture.shape == (*saliency.shape, 3)
            return saliency

    monkeypatch.setattr(measuring, "PresetCRF", Spy)
    model = replace(require_model("swift"), crf="meanfield")
    monkeypatch.setattr(measuring, "require_model", lambda _: model)
    monkeypatch.setattr(measuring, "paper_crf", lambda *_: "dcl")
    run = {"protocol": FLAT}
    measuring.evaluate("swift", data, published=True, **run)
    measuring.evaluate("swift", data, published=True, matte_settings=MatteSettings(crf="off"), **run)
    measuring.evaluate("swift", data, published=True, crf_preset="pdb", **run)
    measuring.evaluate("swift", data, crf_preset="vsod", **run)
    assert asked == ["dcl", "pdb", "vsod"]


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_preset_lets_colour_settle_the_outline(preset):
    picture = np.full((60, 80, 3), 40, np.uint8)
    picture[15:45, 20:60] = (220, 180, 60)
    rough = np.full((60, 80), 0.1, np.float32)
    rough[18:48, 24:64] = 0.8  # beside the subject
    rough[0, 0], rough[30, 40] = 0, 1  # so that stretching changes nothing
    with PresetCRF(preset) as crf:
        found = crf(rough, picture)
    truth = np.zeros((60, 80), bool)
    truth[15:45, 20:60] = True
    assert found.shape == rough.shape and found.dtype == np.float32 and 0 <= found.min() <= found.max() <= 1
    left = 0.6 if preset == "dss" else 0.5  # one iteration
    assert ((found > 0.5) != truth).sum() < left * ((rough > 0.5) != truth).sum()
    if preset in ("pdb", "dcl"):
        assert found.min() == 0 and found.max() == 1
    if preset == "pdb":
        assert set(np.unique(found)) == {0, 1}
    if preset == "dcl":
        assert not ((found > 0) & (found < 29 / 255)).any() and not ((found > 221 / 255) & (found < 1)).any()


def test_dcl_works_at_510_pixels_and_gives_the_maps_size():
    picture = np.full((300, 800, 3), 40, np.uint8)
    picture[100:200, 200:600] = 200
    level = (picture[..., 0] > 100).astype(np.float32) * 0.6 + 0.2
    sizes = []
    with PresetCRF("dcl") as crf:
        engine = crf._engine

        class Spy:
            def refine(self, rgb, saliency, *rest, **more):
                sizes.append((rgb.shape[:2], saliency.shape, float(saliency.min()), float(saliency.max())))
                return engine.refine(rgb, saliency, *rest, **more)

        crf._engine = Spy()
        found = crf(level, picture)
        crf._engine = engine
    assert found.shape == (300, 800)
    assert sizes[0][:2] == ((191, 510), (191, 510)) and sizes[0][2:] == pytest.approx((0, 1))

"""A card fitted to a clip: on the demo clip, by its own first maps."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from vsod.analysis.second_pass import adapt_predictor
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.errors import Cancelled
from vsod.inference.model_registry import find_model
from vsod.inference.network_loading import load_network
from vsod.inference.predictor import Predictor
from vsod.media.sources.opening import open_source
from vsod.pipeline import runner
from vsod.pipeline.clip_session import ClipSession
from vsod_models.training.online_adaptation import map_uncertainty

FRAMES = range(30, 54)


@pytest.fixture(scope="module")
def first(demo):
    """The clip, the card's predictor and its maps."""
    with open_source(demo) as clip:
        predictor = Predictor(find_model("swift"), clip.info.display_size)
        decoded = clip.frames(FRAMES.start, FRAMES.stop, size=predictor.raster.size)
        yield clip, predictor, dict(predictor(decoded))


@pytest.fixture(scope="module")
def fitted(first, tmp_path_factory):
    clip, predictor, maps = first
    folder = tmp_path_factory.mktemp("fitted")
    return folder, *adapt_predictor(clip, predictor, maps.get, FRAMES, folder)


def test_it_is_surer_of_the_same_subject(first, fitted):
    clip, _, maps = first
    _, again, outcome = fitted
    assert (
        outcome.trusted and outcome.agreement > 0.8 and outcome.uncertainty_after < outcome.uncertainty_before
    )
    decoded = clip.frames(FRAMES.start, FRAMES.stop, size=again.raster.size)
    second = dict(again(decoded))
    assert list(second) == list(maps)
    assert np.mean([map_uncertainty(m) for m in second.values()]) < np.mean(
        [map_uncertainty(m) for m in maps.values()]
    )


def test_the_fitted_model_is_another_to_the_map_store(first, fitted):
    assert fitted[1].signature != first[1].signature


def test_the_second_look_does_not_have_the_last_word(first, fitted):
    clip, predictor, maps = first
    _, again, _ = fitted
    span = range(FRAMES.start, FRAMES.start + 3)

    def look(by):
        return dict(by(clip.frames(span.start, span.stop, size=predictor.raster.size)))

    alone, both = look(Predictor(again.model, clip.info.display_size)), look(again)
    for i in span:
        assert np.abs(both[i] - (0.4 * alone[i] + 0.6 * maps[i])).max() < 1e-6
        assert not np.array_equal(alone[i], maps[i])


def test_the_encoder_is_as_it_was(first, fitted):
    before, after = load_network(first[1].model), load_network(fitted[1].model)
    changed = {
        name.partition(".")[0]
        for (name, a), b in zip(before.named_parameters(), after.parameters(), strict=True)
        if not (a - b).abs().max() < 1e-2 * a.abs().max()
    }
    assert changed and "encoder" not in changed


def test_it_is_done_once(first, fitted, monkeypatch):
    clip, predictor, maps = first
    folder, again, outcome = fitted
    monkeypatch.setattr("vsod.analysis.clip_adaptation.load_network", None)
    known, verdict = adapt_predictor(clip, predictor, maps.get, FRAMES, folder)
    assert verdict == outcome and known.model == again.model


def test_it_can_be_cancelled_and_leaves_nothing(first, tmp_path):
    clip, predictor, maps = first
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        adapt_predictor(clip, predictor, maps.get, FRAMES, tmp_path, cancel=stop)
    assert not list(tmp_path.iterdir())


def test_a_clip_without_a_sure_subject_keeps_its_model(first, tmp_path):
    clip, predictor, _ = first
    size = predictor.raster.size[::-1]
    kept, outcome = adapt_predictor(clip, predictor, lambda i: np.zeros(size, np.float32), FRAMES, tmp_path)
    assert kept is predictor and not outcome.trusted


def test_a_job_with_adapt_writes_other_mattes_and_says_that_it_fitted(demo, tmp_path):
    plain = JobSpec(demo, tmp_path / "plain.mkv", ClipSettings(start=30, stop=40, format="ffv1-gray8"))
    fitted = replace(plain.with_settings(adapt=True), output=tmp_path / "fitted.mkv")
    assert "--adapt" in fitted.as_command() and JobSpec.from_json(fitted.to_json()) == fitted
    assert runner.run_job(plain).adapted is None
    report = runner.run_job(fitted)
    assert report.adapted and report.verified and {"adapt", "second pass"} <= set(report.stages)
    assert plain.output.read_bytes() != fitted.output.read_bytes()
    # the second time all is known
    again = runner.run_job(replace(fitted, output=tmp_path / "again.mkv"))
    assert again.adapted and "second pass" not in again.stages
    assert fitted.output.read_bytes() == again.output.read_bytes()


@pytest.mark.slow
def test_the_window_shows_the_fitted_maps_only_while_asked_to(demo, monkeypatch):
    monkeypatch.setenv("VSOD_ENGINE", "torch")  # nothing to convert
    session = ClipSession(demo)
    plainly = ClipSettings(start=FRAMES.start, stop=FRAMES.stop)
    adapted = replace(plainly, adapt=True)
    assert session.analyse(plainly) is None
    plain = session.saliency("swift", 40)
    assert session.analyse(adapted) is True
    assert np.array_equal(session.saliency("swift", 40), plain)
    session.use_adapted(adapted)
    fitted = session.saliency("swift", 40)
    assert not np.array_equal(fitted, plain) and session.coverage("swift")[FRAMES.start : FRAMES.stop].all()
    session.use_adapted(plainly)
    assert np.array_equal(session.saliency("swift", 40), plain)
    session.close()

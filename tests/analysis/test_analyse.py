"""One request for the window and the export: what "Analysed" promises, and one adapted model for both."""

import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import contrast_model
from helpers.contrast_model import MODEL, ball, grays
from vsod import paths
from vsod.analysis import clip_adaptation
from vsod.analysis.analyse import AnalysisRequest, ClipAnalysis, analyse
from vsod.core.clip_settings import ClipSettings, ShotOverride
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.progress_meter import ProgressMeter
from vsod.errors import Cancelled
from vsod.inference.adapted_weights import AdaptationResult
from vsod.inference.network_loading import load_network
from vsod.inference.predictor import Predictor
from vsod.media.sources.opening import open_source
from vsod.pipeline.analysis_requests import analysis_request, exportable_frames
from vsod.pipeline.clip_session import ClipSession
from vsod.storage.clip_stores import ClipStores
from vsod_models.weights import save_weights

OTHER = "another-contrast"
COUNT = 80
STILL = MatteSettings(temporal_smoothing=0.0)


@pytest.fixture
def calls(monkeypatch, tmp_path):
    folder = contrast_model.install(monkeypatch, tmp_path / "cache")
    other = folder.parent / OTHER
    shutil.copytree(folder, other)
    text = (other / "model.toml").read_text().replace(f'id = "{MODEL}"', f'id = "{OTHER}"')
    (other / "model.toml").write_text(text.replace("blur = 7", "blur = 9"))
    with contrast_model.one_thread():
        yield contrast_model.counted(monkeypatch)


@pytest.fixture
def clip(calls, tmp_path):
    return contrast_model.writer("avi")(tmp_path / "clip", [ball(i % 40) for i in range(COUNT)])


@pytest.fixture
def session(clip):
    opened = ClipSession(clip)
    yield opened
    opened.close()


@pytest.fixture
def adaptations(monkeypatch):
    """The frames of each adaptation that was computed: here a small step instead of a training."""
    done = []

    def small_step(first_pass, frames, device, steps):
        done.append(frames)
        net = load_network(first_pass.predictor.model)
        file = paths.data_dir() / "step.safetensors"
        save_weights({name: value * 2.5 ** len(done) for name, value in net.state_dict().items()}, file)
        return AdaptationResult(True, 1.0, 0.5, 0.4), file.read_bytes()

    monkeypatch.setattr(clip_adaptation, "_adapt", small_step)
    return done


def job(chosen, clip, output):
    return JobSpec(
        clip,
        output,
        ClipSettings(
            chosen.model,
            matte=chosen.matte,
            shots=chosen.shots,
            adapt=chosen.adapt,
            start=chosen.start,
            stop=chosen.stop,
            format="ffv1-gray8",
        ),
    )


CHOSEN = {
    "smoothed": ClipSettings(MODEL, start=20, stop=60),
    "still": ClipSettings(MODEL, STILL, start=20, stop=60),
    "a shot with a model of its own": ClipSettings(
        MODEL, shots=(ShotOverride(30, 40, OTHER, MatteSettings(feather=2)),), start=20, stop=60
    ),
    "only a shot is smoothed": ClipSettings(
        MODEL, STILL, (ShotOverride(50, 70, matte=MatteSettings()),), start=20, stop=60
    ),
}


@pytest.mark.parametrize("chosen", CHOSEN.values(), ids=CHOSEN)
def test_what_is_analysed_is_exported_without_a_network(chosen, calls, clip, session, tmp_path, monkeypatch):
    assert not session.export_coverage(chosen).exportable.any()
    told = []
    assert session.analyse(chosen, on_progress=told.append) is None
    assert {step.stage for step in told} == {"analyse"} and told[-1].done == told[-1].total
    # just those of the range: what lies beside it lacks what smoothing reads, but for what needs nothing
    exportable = session.export_coverage(chosen).exportable
    assert exportable[20:60].all()
    spec = job(chosen, clip, tmp_path / "out.mkv")
    assert session.estimate(spec).analysed == 0
    calls.clear()
    monkeypatch.setattr(Predictor, "load", None)
    report = session.export(spec)
    assert report.verified and report.device == "map store" and "analyse" not in report.stages
    assert not calls


def test_the_demo_clip_analysed_in_the_window_leaves_nothing_to_the_export(demo, calls, tmp_path):
    chosen = ClipSettings(MODEL, start=20, stop=60)
    session = ClipSession(demo)
    try:
        session.analyse(chosen)
        assert np.flatnonzero(session.export_coverage(chosen).exportable).tolist() == list(range(20, 60))
        assert session.coverage(MODEL).sum() == 46, "smoothing reads three frames on either side"
        assert session.estimate(job(chosen, demo, tmp_path / "out.mkv")).analysed == 0
    finally:
        session.close()


def masks():
    runs = st.lists(st.tuples(st.integers(0, 29), st.integers(1, 12)), max_size=5)
    return runs.map(lambda found: np.isin(np.arange(30), [k for a, n in found for k in range(a, a + n)]))


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["a", "b"]), masks()),
    st.tuples(st.integers(0, 29), st.integers(0, 30)),
    st.booleans(),
    st.sampled_from(
        [(), (ShotOverride(8, 12, "b"),), (ShotOverride(0, 5, "b", STILL), ShotOverride(9, 30, matte=STILL))]
    ),
)
def test_covered_means_that_the_request_lacks_nothing(known, edges, smooth, shots):
    start, stop = min(edges), max(min(edges) + 1, max(edges))
    chosen = ClipSettings("a", MatteSettings() if smooth else STILL, shots, start=start, stop=stop)
    have = {name: known.get(name, np.zeros(30, bool)) for name in ("a", "b")}
    request = analysis_request(chosen, 30)
    lacks = [i for name, parts in request.wanted for part in parts for i in part if not have[name][i]]
    assert bool(exportable_frames(chosen, 30, have.__getitem__)[start:stop].all()) == (not lacks)


def test_progress_counts_all_models_as_one(calls, session):
    chosen = CHOSEN["a shot with a model of its own"]
    told = []
    session.analyse(chosen, on_progress=told.append)
    # with what smoothing reads: 17:33 and 37:63 of the clip's model, 27:43 of the shot's
    assert {step.total for step in told} == {16 + 26 + 16}
    assert [step.done for step in told] == sorted(step.done for step in told)
    calls.clear()
    assert session.analyse(chosen, on_progress=told.append) is None
    assert not calls, "what is done is not done again"


def test_a_network_is_in_memory_for_its_turn_alone(clip, calls):
    with open_source(clip) as source:
        stores = ClipStores(source.info)
        wanted = ((MODEL, (range(4),)), (OTHER, (range(4), range(10, 12))))
        done = analyse(source, AnalysisRequest(wanted), stores, ProgressMeter(None, {}))
        assert not any(predictor.loaded for predictor in done.predictors.values())
        assert set(done.seconds) == {MODEL, OTHER} and done.missing_total == 0
        assert stores(done.predictors[OTHER].signature) is done.stores[OTHER]
        assert np.flatnonzero(done.stores[OTHER].coverage()).tolist() == [0, 1, 2, 3, 10, 11]
        stores.close()


def test_a_cancelled_analysis_keeps_what_it_has(clip, calls):
    stop = threading.Event()
    with open_source(clip) as source:
        stores = ClipStores(source.info)
        analysis = ClipAnalysis(source, AnalysisRequest(((MODEL, (range(40),)),)), stores)
        meter = ProgressMeter(lambda step: step.done >= 5 and stop.set(), {}, stop, interval=0.0)
        with pytest.raises(Cancelled):
            analysis.run(meter)
        assert 5 <= 40 - analysis.missing_total < 40
        stores.close()


@pytest.mark.parametrize("smoothing", [1.0, 0.0])
def test_window_and_export_adapt_once_and_to_the_same_frames(clip, session, adaptations, tmp_path, smoothing):
    chosen = ClipSettings(MODEL, MatteSettings(smoothing), adapt=True, start=20, stop=60)
    before = session.export_coverage(replace(chosen, adapt=False))
    assert not before.to_adapt and session.export_coverage(chosen).to_adapt
    assert session.analyse(chosen) is True
    coverage = session.export_coverage(chosen)
    assert coverage.exportable[20:60].all() and not coverage.to_adapt
    session.use_adapted(chosen)
    picture = session.frame(40).image
    preview = session.matte(MODEL, 40, picture, chosen.matte)
    report = session.export(job(chosen, clip, tmp_path / "out.mkv"))
    assert report.adapted and report.device == "map store" and "second pass" not in report.stages
    files = [file.name for file in (tmp_path / "cache").rglob("adapted-*")]
    assert len(adaptations) == 1 and files == [f"adapted-{adaptations[0].start}-{adaptations[0].stop}"]
    assert adaptations == [range(17, 63) if smoothing else range(20, 60)]
    written = grays(tmp_path / "out.mkv")[20]
    # an export reads its guide from the luma plane, the window from RGB: that is a code or two
    assert np.abs(written - preview * 255).max() < 4
    session.use_adapted(replace(chosen, adapt=False))
    plain = session.matte(MODEL, 40, picture, chosen.matte)
    assert np.abs(written - plain * 255).max() > 12, "the adapted model answers otherwise"


def test_the_window_finds_what_an_export_adapted_before(clip, session, adaptations, tmp_path):
    chosen = ClipSettings(MODEL, adapt=True, start=20, stop=60)
    session.export(job(chosen, clip, tmp_path / "out.mkv"))
    coverage = session.export_coverage(chosen)
    assert coverage.exportable[20:60].all() and not coverage.to_adapt and len(adaptations) == 1
    assert session.export_coverage(replace(chosen, stop=50)).to_adapt, "another range is another adaptation"


def test_a_model_that_could_not_be_adapted_is_not_tried_again(clip, session, monkeypatch, tmp_path):
    monkeypatch.setattr(clip_adaptation, "_adapt", lambda *_: (AdaptationResult(False), b""))
    chosen = ClipSettings(MODEL, adapt=True, start=20, stop=30)
    assert session.analyse(chosen) is False
    coverage = session.export_coverage(chosen)
    assert coverage.exportable[20:30].all() and not coverage.to_adapt
    monkeypatch.setattr(clip_adaptation, "_adapt", None)
    assert session.export(job(chosen, clip, tmp_path / "out.mkv")).adapted is False

"""What the program of commit 7f25d0c has stored opens today, with all of its values (tests/data/7f25d0c/README.md)."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QMainWindow

from vsod import paths
from vsod.cli.main import main
from vsod.core.clip_settings import ClipSettings, ShotOverride
from vsod.core.export_settings import ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.gui.actions import action_table
from vsod.gui.state.autosave import Autosave
from vsod.gui.state.project_document import ProjectDocument
from vsod.gui.toolkit.preferences import Preferences
from vsod.inference.model_registry import list_models, require_model
from vsod.inference.network_loading import build_network, load_network
from vsod.lab.labels.scnn_learner import LearnerSettings, ScnnLearner
from vsod.media.sources.opening import open_source
from vsod.pipeline import runner
from vsod.pipeline.job_queue import JobQueue
from vsod.pipeline.job_report import JobReport
from vsod.project.presets import Presets
from vsod.project.project import Project, ProjectClip
from vsod_models.recipes import Recipe
from vsod_models.training.training_run import TrainingRun
from vsod_models.weights import load_weights

STORED = Path(__file__).parents[1] / "data" / "7f25d0c"
WHERE = "/clips"  # where the clips lay, as the stored files say
BUILT_IN = ("swift", "dsnet", "msst", "pdb", "scnn", "stan", "studio")
MADE_ON = "AVX2"  # the processor's instructions that the kept outputs were computed with
# ids of actions then -> now
ACTIONS = {
    "show_lanes": "show_metrics",
    "save_curves": "save_metrics",
    "next_flag": "next_issue",
    "previous_flag": "previous_issue",
    "edit_shot": "edit_shot_only",
    "shot_as_clip": "reset_shot",
    "reset_finish": "reset_matte",
    "analyse_idle": "idle_analysis",
    "reopen": "restore_session",
    "back": "previous_frame",
    "ahead": "next_frame",
    "back10": "previous_10_frames",
    "ahead10": "next_10_frames",
    "analyse": "analyse",
}
# keys of window.ini then -> now, and what is remembered
PREFERENCES = {
    "ahead": ("idle_analysis", "off"),
    "autosave": ("autosave_delay", "10"),
    "cache_folder": ("cache_folder", f"{WHERE}/cache"),
    "cache_gb": ("cache_gb", "20"),
    "card": ("model", "studio"),
    "default_card": ("default_model", "pdb"),
    "default_preset": ("default_preset", "Calm hair"),
    "device": ("device", "cpu"),
    "draft_mb": ("scrub_cache_mb", "1000"),
    "export_folder": ("export_folder", f"{WHERE}/out"),
    "format": ("format", "exr"),
    "language": ("language", "de"),
    "sound": ("audio", "off"),
    "theme": ("theme", "light"),
}


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """The folder with the clip, its project, its reports and one of two outputs; the current one."""
    folder = tmp_path / "clips"
    shutil.copytree(STORED / "clips", folder)
    for report in folder.glob("*.vsod.json"):
        report.write_text(report.read_text().replace(WHERE, folder.as_posix()))
    monkeypatch.chdir(folder)
    return folder


def keep(part: str, folder: Path) -> Path:
    """A stored folder, or file, put in its place in the user's ``folder``."""
    source, target = STORED / part, folder / Path(part).name
    if source.is_dir():
        return shutil.copytree(source, target)
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(source, target))


def decided(folder: Path) -> tuple[ProjectClip, ProjectClip]:
    """What was decided about the two clips, the first of which lies in ``folder``; without digests."""
    every_setting = MatteSettings(0.6, "meanfield", "soft", 0.25, 40, 30, -2.5, 0.5, 0.05, 0.9, 1.2, True)
    cutout = ExportSettings(
        "cutout", "premultiplied", "203040", Fraction(24000, 1001), "none", "1001", "{stem}.{frame:05}", "piz"
    )
    shots = (
        ShotOverride(10, 30, "swift"),
        ShotOverride(30, 50, None, MatteSettings(0.0, grow=1.5)),
        ShotOverride(60, 80, "pdb", MatteSettings(0.3, threshold=0.5)),
    )
    first = ProjectClip(
        folder / "demo.mp4",
        ClipSettings(
            "studio",
            matte=every_setting,
            shots=shots,
            adapt=True,
            start=5,
            stop=90,
            format="exr",
            export=cutout,
        ),
    )
    second = ProjectClip(
        Path(WHERE, "rushes", "take 2.mov"),
        ClipSettings(
            "tiny",
            matte=MatteSettings(0.2),
            shots=(ShotOverride(0, 12, "example-contrast", MatteSettings()),),
            format="prores4444",
            export=ExportSettings("over", background="blur", audio="copy"),
        ),
    )
    return first, second


def test_a_stored_project_opens(clips):
    project = Project.read(clips / "two clips.vsod")
    assert project.current == 0
    assert project.clips[0].digest
    assert tuple(replace(work, digest="") for work in project.clips) == decided(clips)
    project.write(clips / "again.vsod")
    assert Project.read(clips / "again.vsod") == project


def test_a_stored_recovery_file_opens(qapp):
    sessions = keep("data/sessions", paths.data_dir())
    found = Autosave(ProjectDocument(), Preferences()).find_unsaved()
    assert found is not None and found.file.parent == sessions
    assert found.project.clips == decided(Path(WHERE))
    assert found.path == Path(WHERE, "two clips.vsod") and not found.ended


def test_a_stored_queue_goes_on():
    keep("data/queue.json", paths.data_dir())
    first, second = decided(Path(WHERE))
    queue = JobQueue()
    try:
        assert not queue.problem
        done, failed, waits = queue
        assert done.spec == first.job(Path(WHERE, "cut out"), "cpu")
        assert (done.state, done.frames, done.seconds, done.working) == ("warnings", 85, 12.5, 10.0)
        assert done.notes == ("2 frames were held",)
        assert failed.spec == JobSpec(
            second.path,
            Path(WHERE, "fg.mov"),
            ClipSettings(
                "tiny", shots=second.settings.shots, format="prores4444", export=ExportSettings("fill+matte")
            ),
        )
        assert (failed.state, failed.notes) == ("failed", ("take 2.mov: no such file. Check the name.",))
        assert waits.spec == JobSpec(
            first.path, Path(WHERE, "later.mkv"), ClipSettings(matte=MatteSettings(0.5), format="ffv1-gray8")
        )
        assert (waits.state, waits.frames) == ("waiting", 96) and queue.next == waits
    finally:
        queue.close()


def test_stored_presets_are_offered():
    keep("data/presets", paths.data_dir())
    matte, export = Presets("matte"), Presets("export")
    assert not matte.problem and not export.problem
    assert {name: MatteSettings(**matte[name]) for name in matte.names if matte.is_own(name)} == {
        "Calm hair": MatteSettings(0.4, edges="soft", black=0.04),
        "Steady off": MatteSettings(0.0, invert=True),
    }
    assert {name: export[name]["format"] for name in export.names if export.is_own(name)} == {
        "Cut-out for the compositor": "exr",
        "Fill and matte": "prores4444",
    }
    assert ExportSettings.from_options(export["Cut-out for the compositor"]) == ExportSettings(
        "cutout", "premultiplied"
    )
    assert ExportSettings.from_options(export["Fill and matte"]) == ExportSettings(
        "fill+matte", cfr=Fraction(24000, 1001)
    )
    # one more is kept beside them
    matte.save("Mine", {"feather": 2.5})
    assert {"Calm hair", "Steady off", "Mine"} <= set(Presets("matte").names)


def test_stored_preferences_hold(qapp):
    keep("config/window.ini", paths.config_dir())
    prefs = Preferences()
    assert {key: prefs.get_text(key) for key, _ in PREFERENCES.values()} == dict(PREFERENCES.values())
    geometry = prefs.layout("window")
    assert geometry is not None and len(geometry) > 50
    assert prefs.recent == [Path(WHERE, "demo.mp4"), Path(WHERE, "rushes", "take 2.mov")]
    assert prefs.speeds == {("swift", "cpu"): 23.46, ("example-contrast", "auto"): 99.5}


def test_stored_shortcuts_hold(qapp):
    keep("config/window.ini", paths.config_dir())
    keys = Preferences().keys
    window = QMainWindow()
    made = action_table.build_actions(window, keys)
    chosen = {id: [key.toString() for key in action.shortcuts()] for id, action in made.items()}
    for number, action in enumerate(ACTIONS.values()):
        assert chosen[action] == [QKeySequence(f"Ctrl+Alt+Shift+{chr(65 + number)}").toString()]
    assert chosen["play"] == ["Space", "P"] and chosen["loop"] == []


def test_stored_models_can_be_used():
    keep("data/cards", paths.data_dir())
    assert not [model.problem for model in list_models() if model.problem]
    tiny = require_model("tiny")
    assert (tiny.title, tiny.commercial_use, tiny.flow, tiny.options) == (
        "Tiny: every key",
        "ask",
        "dis",
        {"blur": 5},
    )
    assert (tiny.area, tiny.multiple, tiny.static_prior, tiny.window, tiny.chunked_window) == (
        9216,
        32,
        0.25,
        0,
        False,
    )
    assert (tiny.decision_threshold, tiny.crf, tiny.measured) == (0.45, "off", {"DAVIS-2016 J": 0.1})
    assert len(tiny.inputs) == 2 and tiny.inputs[0] == "image"
    example, moved = require_model("example-contrast"), require_model("moved")
    assert (example.commercial_use, example.inputs, example.area) == ("yes", ("image", "motion"), 36864)
    assert (moved.commercial_use, moved.inputs, moved.window, moved.chunked_window) == (
        "no",
        ("image",),
        5,
        True,
    )
    assert (moved.decision_threshold, moved.trained_on, example.trained_on) == (
        0.6,
        (),
        ("nothing: four numbers set by hand",),
    )
    sizes = [sum(p.numel() for p in load_network(model).parameters()) for model in (tiny, example)]
    assert sizes == [3, 4]
    assert load_network(moved).state_dict().keys() == load_network(require_model("pdb")).state_dict().keys()


@pytest.mark.parametrize("model", BUILT_IN)
def test_state_dicts_have_the_stored_keys(model):
    known = json.loads((STORED / "state_dict_keys.json").read_text())[model]
    spec = require_model(model)
    if model == "studio":  # shipped in a larger form since; one's own weights are of the form of then
        spec = replace(spec, options={})
    with torch.device("meta"):  # shapes alone
        net = build_network(spec)
    found = {name: list(x.shape) for name, x in net.state_dict().items()}
    assert found == known


def test_stored_maps_and_adapted_weights_do_no_harm(clips, tmp_path, monkeypatch, capsys):
    """They are computed once more (docs/cache.md): they were not bound to pictures."""
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VSOD_ENGINE", "torch")  # nothing to convert
    old = keep("cache/maps", tmp_path / "cache")
    keep("data/cards", paths.data_dir())
    before = {file.relative_to(old): file.read_bytes() for file in old.rglob("*") if file.is_file()}
    assert len(before) == 4
    report = runner.run_job(
        JobSpec(
            clips / "demo.mp4", tmp_path / "m.mkv", ClipSettings("tiny", start=0, stop=3, format="ffv1-gray8")
        )
    )
    assert report.frames == 3 and not report.warnings and "map store" not in report.device
    assert {file.relative_to(old): file.read_bytes() for file in old.rglob("*") if file.is_file()} == before
    assert main(["cache"]) == 0 and "maps" in capsys.readouterr().out
    (adapted,) = old.rglob("adapted-*.safetensors")
    assert load_weights(adapted).keys() == load_network(require_model("tiny")).state_dict().keys()


def test_stored_reports_repeat_their_jobs_to_the_byte(clips, capsys):
    sums = dict(line.split()[::-1] for line in (clips / "SHA256SUMS").read_text().splitlines())
    cut = JobReport.read(clips / "cut.mkv.vsod.json")
    shot = ShotOverride(34, 38, None, MatteSettings(0.2, threshold=0.6, grow=-2.0))
    assert cut.spec == JobSpec(
        Path("demo.mp4"),
        Path("cut.mkv"),
        ClipSettings(
            "swift",
            matte=MatteSettings(0.6, threshold=0.5, despeckle=40, feather=0.6),
            shots=(shot,),
            start=30,
            stop=42,
            format="ffv1-gray8",
        ),
    )
    assert (cut.report["frames"], cut.report["verified"], cut.report["warnings"]) == (12, True, [])
    assert cut.software["vsod-desktop"] == "0.1.0"
    assert cut.changes() == []
    kept = pictures(clips / "cut.mkv")
    for name in ("matte.mkv", "cut.mkv"):
        assert main(["rerun", f"{name}.vsod.json"]) == 0
        said = capsys.readouterr().err
        if torch.backends.cpu.get_cpu_capability() == MADE_ON:
            assert hashlib.sha256(Path(name).read_bytes()).hexdigest() == sums[name]
            assert f"the same as in {name}.vsod.json" in said and "not the same" not in said
    # other processors round otherwise, in the third digit of a map: that moves an outline by less than a pixel
    assert np.abs(pictures(clips / "cut.mkv") - kept).mean() / 255 < 0.002


def pictures(file: Path) -> np.ndarray:
    """(N, H, W, 3) float32 of a video."""
    with open_source(file) as source:
        return np.stack([frame.image for frame in source.frames()]).astype(np.float32)


class Toy(TrainingRun):
    """A run that only goes on."""

    batch = 18

    def loss(self, rng: torch.Generator) -> torch.Tensor:
        """The sum of the parameters."""
        return sum((p.sum() for p in self.net.parameters()), torch.zeros(()))


def test_a_stored_checkpoint_goes_on(tmp_path):
    keep("data/cards", paths.data_dir())
    folder = keep("training/run", tmp_path)
    reached = json.loads((folder / "numbers.json").read_text())
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    assert state.keys() == {"net", "average", "optimiser", "step", "mining"} and state["mining"].ndim == 1
    raw = json.loads((folder / "recipe.json").read_text())
    recipe = Recipe(samples=raw["samples"], lr=raw["lr"], optimiser=raw["optimiser"], warmup=raw["warmup"])
    run = Toy(load_network(require_model("tiny")), [], [], recipe, folder, torch.device("cpu"))
    assert run.resume() and run.step == reached["step"] == run.steps
    assert run.net.mix.tolist() == pytest.approx(reached["mix"])
    assert load_weights(folder / "weights.safetensors")["mix"].numpy() == pytest.approx(
        run.average.mix.detach().numpy(), abs=0.01
    )


class Prior(torch.nn.Module):
    """A network of three numbers, called as SCNN is."""

    def __init__(self) -> None:
        super().__init__()
        self.tiny = load_network(require_model("tiny"))

    def backbone_parameters(self) -> list[torch.nn.Parameter]:
        return []


def test_a_stored_learner_goes_on(tmp_path):
    keep("data/cards", paths.data_dir())
    folder = keep("training/learner", tmp_path)
    net = Prior()
    before = net.tiny.mix.tolist()
    learner = ScnnLearner(net, {}, LearnerSettings(batch=2))
    learner.load(folder)
    assert net.tiny.mix.tolist() != before
    learner.save(tmp_path)
    old, new = (torch.load(f / "learner.pt", weights_only=True) for f in (folder, tmp_path))
    assert old.keys() == new.keys() and old["epochs"] == new["epochs"] == 2
    assert torch.equal(old["net"]["tiny.mix"], new["net"]["tiny.mix"])
    assert load_weights(tmp_path / "weights.safetensors").keys() == net.state_dict().keys()

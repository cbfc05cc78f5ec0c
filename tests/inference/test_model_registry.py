import json
import os
import shutil
import time

import pytest

from vsod import paths
from vsod.cli.main import main
from vsod.core.matte_settings import MatteSettings
from vsod.errors import ModelError, UnknownModel
from vsod.inference import model_code, model_registry
from vsod.inference.model_registry import find_model, list_models, read_model_spec, require_model
from vsod.inference.network_loading import build_network, load_network
from vsod.pipeline.catalogue import model_entries
from vsod.storage.digest import file_sha256

GOOD = """\
id = "mine"
title = "Mine"
licence = "MIT"
entry = "vsod_models.networks.swift:build"
weights = "mine.safetensors"
"""


@pytest.fixture
def folder():
    path = paths.user_models_dir()
    path.mkdir(parents=True)
    return path


def test_the_built_in_model_is_usable_and_its_weights_are_the_named_ones():
    model = require_model("swift")
    assert model.sha256 == file_sha256(model.verified_weights())
    assert model.flow == "dis"
    json.dumps(model.as_json())


def test_every_built_in_model_is_free_of_problems():
    assert {c.id: c.problem for c in list_models()} == {c.id: None for c in list_models()}


def test_a_dropped_in_model_is_found(folder):
    (folder / "mine.toml").write_text(GOOD)
    (folder / "mine.safetensors").write_bytes(b"x")
    model = require_model("mine")
    assert (model.title, model.area, model.multiple) == ("Mine", 82944, 32)
    assert model.verified_weights() == folder / "mine.safetensors"


def test_a_spec_says_what_its_training_data_allow_and_how_often_it_is_good(folder, capsys):
    (folder / "mine.safetensors").write_bytes(b"x")
    (folder / "mine.toml").write_text(GOOD)
    plain = require_model("mine")
    assert plain.training_data_terms == "unknown" and plain.good_clips is None and plain.accuracy == ""
    (folder / "mine.toml").write_text(
        GOOD
        + 'training_data_terms = "research-only"\npublished = "Me, 2026"\narchitecture = "Deep"\n'
        + "[measured]\nJ = 0.7\nJ_by_clip = { heron = 0.7, egret = 0.69, ibis = 1 }\n"
    )
    model = require_model("mine")
    assert (model.good_clips, model.accuracy) == ((2, 3), "good matte on 2 of 3 test clips")
    row = next(entry for entry in model_entries() if entry.id == "mine")
    assert (row.published, row.architecture, row.good_clips) == ("Me, 2026", "Deep", (2, 3))
    told = model.as_json()["training_data"]
    assert told == row.training_data == "Learned from research-only data"
    assert main(["models"]) == 0
    assert told in capsys.readouterr().out.partition("Mine")[2]


@pytest.mark.parametrize("by_clip", ['"many"', "{ heron = '0.9' }", "{}", "[0.9]"])
def test_clips_that_are_no_numbers_are_not_counted(folder, by_clip):
    (folder / "mine.safetensors").write_bytes(b"x")
    (folder / "mine.toml").write_text(GOOD + f"[measured]\nJ_by_clip = {by_clip}\n")
    assert require_model("mine").good_clips is None


def test_a_folder_with_card_toml_is_found(folder):
    (folder / "net").mkdir()
    (folder / "net" / "card.toml").write_text(GOOD)
    (folder / "net" / "mine.safetensors").write_bytes(b"x")
    assert require_model("mine").source == folder / "net" / "card.toml"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id = ", "value"),
        ('id = "bad"', "'weights' is missing"),
        (GOOD + "colour = 1\n", "unknown keys: colour"),
        (GOOD + 'training_data_terms = "mine"\n', "training_data_terms must be one of"),
        (GOOD + "[input]\narea = 5\n", "too small"),
        (GOOD + "[output]\nhalf = 1\n", "between 0 and 1"),
        (GOOD + '[output]\ncrf = "auto"\n', "must be one of off"),
        (GOOD, "missing"),
    ],
)
def test_a_broken_model_is_a_row_that_says_why(folder, text, reason):
    file = folder / "bad.toml"
    file.write_text(text)
    problem = read_model_spec(file).problem
    assert problem is not None
    assert reason.lower() in problem.lower()
    assert any(c.problem == problem for c in list_models())
    with pytest.raises(UnknownModel):
        require_model(read_model_spec(file).id)


def test_the_systems_published_with_a_crf_end_in_one():
    chosen = {model.id: model.crf for model in list_models()}
    assert {name for name, crf in chosen.items() if crf == "meanfield"} == {"scnn", "msst", "stan", "pdb"}
    asked, silent = MatteSettings(crf="off"), MatteSettings()
    assert asked.for_model("meanfield") == asked
    assert silent.for_model("meanfield") == MatteSettings(crf="meanfield")


def test_a_taken_id_does_not_replace_the_first_model(folder):
    (folder / "copy.toml").write_text(GOOD.replace('"mine"', '"swift"', 1))
    assert find_model("swift").source.parent == paths.model_specs_dir()
    assert any(c.problem == "the id 'swift' is taken" for c in list_models())


def test_unknown_model_lists_what_there_is():
    with pytest.raises(UnknownModel, match="swift"):
        find_model("swfit")


def test_exchanged_weights_are_refused(folder):
    (folder / "mine.toml").write_text(GOOD + f'sha256 = "{"0" * 64}"\n')
    (folder / "mine.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match="not the ones"):
        require_model("mine").verified_weights()


def test_a_net_of_ones_own_comes_in_by_copying_a_folder(folder):
    shutil.copytree(paths.plugins_dir() / "example-model", folder / "my-net")
    model = require_model("example-contrast")
    assert type(load_network(model)).__name__ == "Contrast"


def test_two_models_may_both_call_their_file_net(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "card.toml").write_text(
            GOOD.replace("mine", name).replace("vsod_models.networks.swift", "net")
        )
        (folder / name / f"{name}.safetensors").write_bytes(b"x")
        code = f"import torch\ndef build():\n    net = torch.nn.Identity()\n    net.made_by = '{name}'\n"
        code += "    return net\n"
        (folder / name / "net.py").write_text(code)
    assert [build_network(require_model(n)).made_by for n in "ab"] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('reads = ["image", "depth"]\n', "inputs must be"),
        ('[window]\nlength = 4\nkind = "sliding"\n', "causal or chunks"),
    ],
)
def test_what_a_net_reads_and_its_window_are_checked(folder, text, reason):
    file = folder / "bad.toml"
    file.write_text(GOOD + text)
    assert reason in read_model_spec(file).problem


def test_a_package_that_does_not_import_is_a_row(monkeypatch):
    from importlib.metadata import EntryPoint

    points = [EntryPoint("odd\x1b", "no.such.package", "vsod.models")]
    monkeypatch.setattr(
        "vsod.inference.model_code.entry_points", lambda group: points if group == "vsod.models" else []
    )
    monkeypatch.setattr(model_code, "_entry_points", model_code._entry_points.__wrapped__)
    row = next(model for model in list_models() if model.id == r"odd\x1b")
    assert "cannot be used" in row.problem
    assert require_model("swift").id == "swift"


@pytest.mark.parametrize("id", ["", "../x", "a/b", "a b", "-x", "x" * 99, "a\x1b", "..", "a\\\\b"])
def test_an_id_that_is_no_word_is_told(tmp_path, id):
    file = tmp_path / "x.toml"
    file.write_text(f'id = "{id}"\ntitle = "x"\nlicence = "x"\nentry = "x:y"\nweights = "w"\n')
    assert "id must be" in (read_model_spec(file).problem or "") or "\x1b" in id


@pytest.fixture
def read_specs(monkeypatch):
    """The paths of the specs that are read from now on."""
    monkeypatch.setattr(model_registry, "_read", {})
    read = []

    def note(path, read_model_spec=read_model_spec):
        read.append(path)
        return read_model_spec(path)

    monkeypatch.setattr(model_registry, "read_model_spec", note)
    return read


def age(*places):
    """As if nothing had been changed lately."""
    for place in places:
        os.utime(place, (time.time() - 60,) * 2)


def test_a_spec_is_read_once_and_again_when_it_changed(folder, read_specs):
    spec, weights = folder / "mine.toml", folder / "mine.safetensors"
    spec.write_text(GOOD)
    weights.write_bytes(b"x")
    age(spec, folder)
    for _ in range(3):
        assert require_model("mine").title == "Mine"
    assert read_specs.count(spec) == 1
    spec.write_text(GOOD.replace("Mine", "Yours"))
    assert require_model("mine").title == "Yours"
    age(spec)
    assert require_model("mine").title == "Yours"
    weights.unlink()
    assert "weights file" in find_model("mine").problem
    weights.write_bytes(b"x")
    assert require_model("mine").title == "Yours"
    spec.unlink()
    assert "mine" not in [spec.id for spec in list_models()]


def test_a_spec_that_was_just_written_is_not_trusted(folder, read_specs):
    """It may change again within one tick of the file system's clock, to the same size."""
    spec, weights = folder / "mine.toml", folder / "mine.safetensors"
    weights.write_bytes(b"x")
    for title in ("Mine", "Fine", "Nine"):
        spec.write_text(GOOD.replace("Mine", title))
        os.utime(spec, (time.time(),) * 2)
        assert require_model("mine").title == title


def test_the_lists_of_the_window_are_made_from_what_was_read(read_specs):
    first, second = model_entries(), model_entries()
    assert first == second and len(read_specs) == len(set(read_specs))

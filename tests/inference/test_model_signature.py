"""A model's signature: another one for everything that its maps depend on, the same for words about it."""

import shutil
import sys
from dataclasses import replace

import pytest

from vsod import paths
from vsod.cli.main import main
from vsod.errors import ModelError
from vsod.inference import model_code, model_signature, motion_prior
from vsod.inference.model_code import code_files
from vsod.inference.model_registry import read_model_spec, require_model
from vsod.inference.model_signature import compute_signature
from vsod.inference.network_loading import build_network
from vsod.inference.predictor import Predictor


@pytest.fixture
def folder(tmp_path):
    """The example card, copied to where its text, code and weights can be changed."""
    place = tmp_path / "card"
    shutil.copytree(
        paths.plugins_dir() / "example-model", place, ignore=shutil.ignore_patterns("__pycache__")
    )
    return place


def of(folder):
    return compute_signature(read_model_spec(folder / "model.toml"))


@pytest.mark.parametrize(
    "line",
    [
        'inputs = ["image"]',
        'flow = "none"',
        "blur = 9",
        "area = 9216",
        "multiple = 64",
        "[window]\nlength = 3",
        '[window]\nlength = 3\nkind = "clips"',
        "[output]\nhalf = 0.4",
        "still = 0.25",
    ],
)
def test_every_field_that_means_something_changes_it(folder, line):
    model, before = folder / "model.toml", of(folder)
    text, key = model.read_text().splitlines(), line.partition(" = ")[0]
    if line.startswith("["):
        text += line.splitlines()
    elif any(row.startswith(f"{key} =") for row in text):
        text = [line if row.startswith(f"{key} =") else row for row in text]
    else:
        text.append(line)  # [input] is the last table
    model.write_text("\n".join(text))
    assert read_model_spec(model).problem is None
    assert of(folder) != before
    model.write_text((paths.plugins_dir() / "example-model" / "model.toml").read_text())
    assert of(folder) == before


def test_code_and_weights_change_it_whatever_the_model_pins(folder):
    seen = {of(folder)}

    def changed():
        found = of(folder)
        assert found not in seen
        seen.add(found)

    code = folder / "contrast.py"
    code.write_text(code.read_text() + "\n# another net\n")
    changed()
    (folder / "helpers").mkdir()
    (folder / "helpers" / "layers.py").write_text("x = 1\n")
    changed()
    weights = folder / "contrast.safetensors"
    blob = bytearray(weights.read_bytes())
    blob[-1] ^= 1
    weights.write_bytes(blob)
    changed()
    weights.unlink()
    changed()


def test_words_about_it_do_not(folder):
    before, model = of(folder), folder / "model.toml"
    (folder / "README.md").write_text("words")
    text = model.read_text().replace("Example: contrast", "Another title")
    text = text.replace('licence = "GPL-3.0-or-later"', 'licence = "MIT"').replace("nothing: four", "four")
    model.write_text(text.replace('id = "example-contrast"', 'id = "other"'))
    assert read_model_spec(model).id == "other"
    assert of(folder) == before


def test_the_version_of_our_own_code_changes_it(monkeypatch):
    model = require_model("swift")
    before = compute_signature(model)
    assert compute_signature(replace(model, title="x", sha256="", measured={})) == before
    monkeypatch.setattr(model_signature, "MAPS_VERSION", 10_000)
    assert compute_signature(model) != before


def test_what_it_reads_besides_changes_the_predictors(monkeypatch, tmp_path):
    size = (640, 360)
    model = require_model("scnn")
    before = Predictor(model, size).signature
    assert Predictor(model, (640, 640)).signature != before
    assert Predictor(model, size, use_flow=False).signature != before
    other = tmp_path / "prior.safetensors"
    other.write_bytes(b"1")
    monkeypatch.setattr(motion_prior, "prior_file", lambda: other)
    assert Predictor(model, size).signature != before
    monkeypatch.setenv("VSOD_FLOW", "raft")
    paths.raft_weights().parent.mkdir(parents=True)
    found = set()
    for content in (b"1", b"2"):
        paths.raft_weights().write_bytes(content)
        found.add(Predictor(model, size).signature)
    assert len(found) == 2


def test_changed_code_is_run_in_the_same_process(folder):
    model = read_model_spec(folder / "model.toml")
    build_network(model)
    code = folder / "contrast.py"
    code.write_text(code.read_text().replace("def build(", "def build(*, other: int = 1, "))
    with pytest.raises(ModelError, match="other"):
        build_network(replace(model, options={**model.options, "other": 1, "wrong other": 2}))
    code.write_text("def build(**options):\n    raise RuntimeError('the new code')\n")
    with pytest.raises(ModelError, match="the new code"):
        build_network(model)


@pytest.mark.parametrize(
    "entry",
    ["os:system", "../contrast:build", "subprocess:run", "vsod.cli.main:main", "torch:load", "", ":x"],
)
def test_a_model_calls_nothing_but_its_own(folder, capfd, entry):
    model = folder / "model.toml"
    model.write_text(model.read_text().replace('entry = "contrast:build"', f'entry = "{entry}"'))
    bad = replace(read_model_spec(folder / "model.toml"), entry=entry)
    with pytest.raises(ModelError, match="neither beside it nor its own package's"):
        code_files(bad)
    with pytest.raises(ModelError, match="neither beside it nor its own package's"):
        build_network(replace(bad, options={"command": "echo ran"}))
    assert "neither beside it" in (read_model_spec(model).problem or "")
    user = paths.user_models_dir() / "bad"
    shutil.copytree(folder, user)
    assert main(["models"]) == 0
    assert "neither beside it" in capfd.readouterr().out


def test_a_package_that_brings_models_may_be_called_and_is_known_by_its_code(folder, tmp_path, monkeypatch):
    package = tmp_path / "site" / "their_nets"
    shutil.copytree(folder, package / "cards")
    (package / "cards" / "contrast.py").rename(package / "net.py")
    (package / "__init__.py").write_text("")
    model = package / "cards" / "model.toml"
    model.write_text(model.read_text().replace("contrast:build", "their_nets.net:build"))
    assert read_model_spec(model).problem is not None  # not the package's yet
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(model_code, "_packages", lambda: [("their_nets.cards", package / "cards")])
    found = read_model_spec(model)
    assert [name for name, _ in code_files(found)] == ["__init__.py", "net.py"]
    build_network(found)
    before = compute_signature(found)
    (package / "net.py").write_text((package / "net.py").read_text() + "\n")
    assert compute_signature(found) != before
    for name in [name for name in sys.modules if name.startswith("their_nets")]:
        del sys.modules[name]

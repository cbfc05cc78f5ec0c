import json

import pytest

from vsod import paths
from vsod.core.matte_settings import MatteSettings
from vsod.errors import DataError, UsageError
from vsod.project.presets import Presets


def test_every_preset_of_ours_is_a_valid_setting():
    ours = Presets("matte")
    assert "Default" in ours.names
    made = {name: MatteSettings(**ours[name]) for name in ours.names}
    assert made["Default"] == MatteSettings()
    assert len(set(made.values())) == len(made), "two presets say the same"


def test_a_saved_preset_is_there_next_time_and_can_be_deleted():
    Presets("matte").save("Mine", {"feather": 2.5})
    again = Presets("matte")
    assert again["Mine"] == {"feather": 2.5} and again.is_own("Mine") and not again.is_own("Default")
    assert again.file == paths.user_presets_dir() / "matte.json"
    again.delete("Mine")
    assert "Mine" not in Presets("matte").names


@pytest.mark.parametrize("name", ["Default", "", "  "])
def test_our_names_and_no_name_are_not_free(name):
    with pytest.raises(UsageError):
        Presets("matte").save(name, {})


def test_two_windows_keep_each_others_presets():
    one, other = Presets("matte"), Presets("matte")
    one.save("A", {"feather": 1})
    other.save("B", {"feather": 2})
    one.save("C", {"feather": 3})
    other.delete("A")
    assert [name for name in Presets("matte").names if Presets("matte").is_own(name)] == ["B", "C"]


@pytest.mark.parametrize("values", [{"feather": "x"}, {"feather": [1]}, {"unknown": 1}, {"grow": 1000}])
def test_a_preset_that_is_none_is_not_offered_and_not_lost(values, expect_log):
    if "unknown" in values:
        expect_log(r"preset 'Odd' of .*matte\.json: ignored: unknown")
    file = paths.user_presets_dir() / "matte.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"Odd": values}))
    presets = Presets("matte")
    assert "Odd" not in presets.names
    presets.save("Mine", {"feather": 1})
    assert set(json.loads(file.read_text())) == {"Odd", "Mine"}


@pytest.mark.parametrize("text", ["{", "[1]", json.dumps({"Mine": 3})])
def test_a_damaged_file_is_never_overwritten(text, expect_log):
    expect_log("the presets cannot be read")
    file = paths.user_presets_dir() / "matte.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    presets = Presets("matte")
    assert "Default" in presets.names and presets.problem
    with pytest.raises(DataError, match="Repair or delete"):
        presets.save("Mine", {})
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("kind", "values", "used"),
    [
        ("matte", {"feather": 2.5, "sparkle": 1}, {"feather": 2.5}),
        ("export", {"format": "png8", "kind": "mask", "sparkle": [1]}, {"format": "png8", "kind": "mask"}),
    ],
)
def test_a_key_of_another_version_is_ignored_said_and_kept(kind, values, used, expect_log):
    expect_log(rf"preset 'Newer' of .*{kind}\.json: ignored: sparkle")
    file = paths.user_presets_dir() / f"{kind}.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"Newer": values}))
    presets = Presets(kind)
    assert "Newer" in presets.names and presets["Newer"] == used
    presets.save("Mine", {})
    assert json.loads(file.read_text())["Newer"] == values

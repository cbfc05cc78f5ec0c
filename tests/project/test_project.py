"""Projects survive the disk, moved folders, newer versions and damage."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from vsod.core.clip_settings import ClipSettings, ShotOverride
from vsod.core.export_settings import ExportSettings
from vsod.core.matte_settings import MatteSettings
from vsod.core.source_settings import SourceSettings
from vsod.errors import DataError
from vsod.project.project import Project, ProjectClip, relink_siblings, same_clip


def clip(folder: Path, name: str = "a.mov", content: bytes = b"pictures") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def full(path: Path) -> ProjectClip:
    return ProjectClip(
        path,
        ClipSettings(
            "studio",
            matte=MatteSettings(crf="meanfield", threshold=0.25, grow=-2.5, invert=True),
            adapt=True,
            start=5,
            stop=90,
            format="exr",
            export=ExportSettings(
                "cutout", "premultiplied", cfr=Fraction(24000, 1001), names="{stem}.{frame:05}"
            ),
            source_settings=SourceSettings(2, "beauty", "close", Fraction(24000, 1001), "ignore"),
        ),
    )


def test_a_project_survives_the_disk(tmp_path):
    project = Project((full(clip(tmp_path)), ProjectClip(clip(tmp_path, "b.mov"))), 1)
    written = project.write(tmp_path / "p.vsod")
    again = Project.read(tmp_path / "p.vsod")
    assert again == written and again.current_clip == written.clips[1]
    assert [w.digest for w in again.clips] and all(w.digest for w in again.clips)
    assert again.clips[0].job(Path("x.mov"), "cpu").settings == full(tmp_path).settings


def test_a_folder_that_moved_as_a_whole_needs_no_relinking(tmp_path):
    source = clip(tmp_path / "old" / "media")
    Project((ProjectClip(source),), 0).write(tmp_path / "old" / "p.vsod")
    (tmp_path / "old").rename(tmp_path / "new")
    again = Project.read(tmp_path / "new" / "p.vsod")
    assert again.clips[0].path == tmp_path / "new" / "media" / "a.mov" and not again.missing


def test_neighbours_of_a_clip_that_was_found_are_found_too(tmp_path):
    a, b, other = (tmp_path / "gone" / name for name in ("a.mov", "b.mov", "other.mov"))
    project = Project(tuple(ProjectClip(p) for p in (a, b, other)), 0)
    new_a, new_b = clip(tmp_path / "here", "renamed.mov"), clip(tmp_path / "here", "b.mov")
    found = relink_siblings(project, a, new_a)
    assert [w.path for w in found.clips] == [new_a, new_b, other] and found.missing == [other]


def test_a_clip_is_known_by_its_content(tmp_path):
    source = clip(tmp_path)
    work = Project((ProjectClip(source),), 0).write(tmp_path / "p.vsod").clips[0]
    assert same_clip(work, source) is True
    assert same_clip(work, clip(tmp_path, "b.mov", b"others")) is False
    assert same_clip(ProjectClip(source), source) is None


def test_what_a_newer_version_wrote_about_a_clip_is_kept(tmp_path):
    file = tmp_path / "p.vsod"
    Project((ProjectClip(clip(tmp_path)),), 0).write(file)
    raw = json.loads(file.read_text())
    raw["clips"][0]["grades"] = [{"start": 3}]
    file.write_text(json.dumps(raw))
    Project.read(file).write(file)
    assert json.loads(file.read_text())["clips"][0]["grades"] == [{"start": 3}]


def test_settings_of_a_newer_version_are_kept_told_and_not_applied(tmp_path):
    file = tmp_path / "p.vsod"
    shot = ShotOverride(0, 5, matte=MatteSettings(feather=2))
    settings = ClipSettings(matte=MatteSettings(feather=3), shots=(shot,))
    Project((ProjectClip(clip(tmp_path), settings),), 0).write(file)
    raw = json.loads(file.read_text())
    raw["clips"][0]["matte"]["despill"] = 0.5
    raw["clips"][0]["export"]["hdr"] = "pq"
    raw["clips"][0]["shots"][0]["matte"]["despill"] = 1
    file.write_text(json.dumps(raw))
    project = Project.read(file)
    assert project.clips[0].settings == settings
    assert project.clips[0].unknown_settings == ["despill", "hdr"]
    changed = project.with_clip(project.clips[0].with_settings(matte=MatteSettings(feather=4)))
    changed.write(file)
    again = json.loads(file.read_text())["clips"][0]
    assert again["matte"] == {"despill": 0.5, "feather": 4} and again["export"] == {"hdr": "pq"}


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(vsod=3),
        lambda raw: raw.pop("vsod"),
        lambda raw: raw.pop("clips"),
        lambda raw: raw["clips"].append(raw["clips"][0]),
        lambda raw: raw["clips"][0].update(matte={"feather": "much"}),
        lambda raw: raw["clips"][0].update(export={"kind": "gif"}),
        lambda raw: raw["clips"][0].pop("model"),
    ],
)
def test_damage_is_named_with_its_file(tmp_path, change):
    file = tmp_path / "p.vsod"
    Project((ProjectClip(clip(tmp_path)),), 0).write(file)
    raw = json.loads(file.read_text())
    change(raw)
    file.write_text(json.dumps(raw))
    with pytest.raises(DataError, match="vsod") as caught:
        Project.read(file)
    assert caught.value.where == str(file)


def test_no_file_and_no_json(tmp_path):
    (tmp_path / "p.vsod").write_bytes(b"\xff\x00")
    for name in ("p.vsod", "none.vsod"):
        with pytest.raises(DataError):
            Project.read(tmp_path / name)


def test_a_sequence_given_as_a_pattern_is_there_as_long_as_its_images_are(tmp_path):
    images = [clip(tmp_path / "old", f"shot.{number:04d}.png") for number in range(3)]
    pattern = images[0].with_name("shot.####.png")
    Project((ProjectClip(pattern),), 0).write(tmp_path / "old" / "p.vsod")
    (tmp_path / "old").rename(tmp_path / "new")
    again = Project.read(tmp_path / "new" / "p.vsod")
    assert again.clips[0].path == tmp_path / "new" / "shot.####.png" and not again.missing
    assert same_clip(again.clips[0], again.clips[0].path)
    for image in (tmp_path / "new").glob("*.png"):
        image.unlink()
    assert Project.read(tmp_path / "new" / "p.vsod").missing

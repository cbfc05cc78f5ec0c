"""What is installed is proven: every version is locked with hashes, and the floors are at most what is locked."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from helpers.repository import ROOT

LOCKS = sorted((ROOT / "locks").glob("*.txt"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def blocks(file: Path) -> list[list[str]]:
    """The pins of a lock file: the line of the version and those of its hashes."""
    found: list[list[str]] = []
    for line in file.read_text().splitlines():
        if line and not line.startswith(("#", " ")):
            found.append([line])
        elif line.startswith(" "):
            found[-1].append(line.strip())
    return found


PINS: dict[str, set[Version]] = {}
for lock in LOCKS:
    for head, *_ in blocks(lock):
        name, _, rest = head.partition("==")
        PINS.setdefault(name, set()).add(Version(re.split(r"[ ;\\]", rest)[0]))


def required() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    texts = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        texts += extra
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("file", LOCKS, ids=lambda file: file.name)
def test_every_pin_has_an_exact_version_and_hashes(file: Path) -> None:
    assert len(LOCKS) == 5
    for head, *rest in blocks(file):
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*( ; [^\\]+)? \\", head), head
        assert rest and all(HASH.fullmatch(line.removesuffix(" \\")) for line in rest), head
        assert "0" * 64 not in "".join(rest)


@pytest.mark.parametrize("wanted", required(), ids=str)
def test_what_the_project_asks_for_is_locked_and_not_below_its_floor(wanted: Requirement) -> None:
    locked = PINS[canonicalize_name(wanted.name)]
    assert all(version in wanted.specifier for version in locked), (wanted, locked)


FLOORS = {
    "tqdm": "4.66.3",
    "openexr": "3.5.3",
    "torch": "2.11",
    "pillow": "12.3",
    "pytest": "9.0.3",
    "pyqt6": "6.10",
}


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_is_above_the_known_holes(name: str) -> None:
    specifiers = [r.specifier for r in required() if canonicalize_name(r.name) == name]
    assert specifiers
    below = Version(FLOORS[name] + ".dev0")
    assert not any(s.contains(below, prereleases=True) for s in specifiers)


def test_make_and_ci_install_nothing_without_hashes() -> None:
    make = (ROOT / "Makefile").read_text()
    rules = [
        line
        for line in make.splitlines()
        if "pip install" in line and not line.lstrip().startswith("@command")
    ]
    for line in rules:
        assert "--require-hashes" in line or ("--no-deps --no-build-isolation -e ." in line), line
    assert not (ROOT / "constraints.txt").exists() and "--force" not in make
    for file in ROOT.glob(".ci/*"):
        assert "pip install" not in file.read_text()

"""Links and names of files in the documents lead somewhere; one that does not is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import check_links


def test_every_reference_leads_somewhere(capsys):
    names = {file.name for file in check_links.files()}
    assert {"README.md", "index.md", "add-a-format.md", "TRAINING.md", "matte_settings.py"} <= names
    assert check_links.main([]) == 0, capsys.readouterr().out


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(
        "# A page\n\n## What's new, *here*\n\n```\n# no heading\n```\n"
    )
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "one.py").write_text("")
    return tmp_path


def found(repository: Path, text: str, name: str = "README.md") -> list[str]:
    (repository / name).write_text(text, encoding="utf-8")
    return check_links.faults(repository / name, repository)


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/page.md), [b](docs), [c](#here) and [d](https://example.org/x.md)\n\n# Here\n",
        "[a](docs/page.md#whats-new-here) and docs/page.md\n",
        "`app/one.py`, `one.py` and `one.py::test`\n",
        "```\n[a](gone.md) and docs/gone.md\n```\n",
    ],
)
def test_what_is_right_is_left_alone(repository, text):
    assert found(repository, text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("one\n[a](gone.md)\n", "README.md:2: gone.md: there is no gone.md"),
        ("[a](docs/page.md#old)\n", "README.md:1: docs/page.md#old: there is no such heading"),
        ("[a](docs/page.md#no-heading)\n", "README.md:1: docs/page.md#no-heading: there is no such heading"),
        ("see docs/gone.md\n", "README.md:1: there is no docs/gone.md"),
        ("`two.py`\n", "README.md:1: there is no two.py"),
    ],
)
def test_what_is_wrong_is_found(repository, text, fault):
    assert found(repository, text) == [fault]


def test_pages_that_code_names_are_looked_up(repository):
    assert found(repository, 'HELP = "see docs/gone.md"\n', "help.py") == [
        "help.py:1: there is no docs/gone.md"
    ]


def test_the_changelog_may_name_files_of_before(repository):
    assert found(repository, "`gone.py`\n", "CHANGELOG.md") == []


def test_the_exit_code_tells(repository, capsys):
    (repository / "x.md").write_text("[a](gone.md)\n")
    assert check_links.main([str(repository / "x.md")]) == 1
    assert "x.md:1: " in capsys.readouterr().out

"""Every command line in the documents is one that the program understands; a wrong one is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import check_commands
from document_commands import SKIP, simple_commands, snippets


@pytest.fixture(scope="module")
def checker():
    return check_commands.Checker()


def test_every_command_in_the_documents_is_understood(checker, capsys):
    names = {file.name for file in check_commands.documents()}
    assert {"README.md", "CONTRIBUTING.md", "Makefile", "TRAINING.md", "batch.md"} <= names
    assert "CHANGELOG.md" not in names
    assert check_commands.main([]) == 0, capsys.readouterr().out


def document(folder: Path, text: str, name: str = "page.md") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("```console\n$ vsod-desktop run a.mp4 -o b.mov --froce\n```\n", 2, "--froce"),
        ("```console\n$ vsod-desktop run a.mp4\n```\n", 2, "required: -o"),
        (
            "```console\n$ cd x && vsod-desktop run a.mp4 \\\n -o b.mov \\\n --gamma=thick | tail\n```\n",
            2,
            "thick",
        ),
        ("```sh\nvsod-desktop run a.mp4 -o b.mov --edges none\n```\n", 2, "'none' is none of"),
        ("1. List:\n\n   ```console\n   $ vsod-desktop run a.mp4\n   ```\n", 4, "required: -o"),
        ("```console\n$ .venv/bin/vsod-desktop run a.mp4 -o b.mov --stab 1\n```\n", 2, "--stab"),
        ("```console\n$ vsod-desktop run IN -o OUT --shot '1:2 --grwo 1'\n```\n", 2, "--grwo"),
        ("```console\n$ VSOD_FLOW=none vsod-desktop bench IN [--fast] > log\n```\n", 2, "--fast"),
        ("Text.\n\nSay `vsod-desktop watch\nincoming/ --loud`, then wait.\n", 3, "--loud"),
        ("Say `vsod-desktop walk`.\n", 1, "walk"),
        ("With `run --softly` it is\nsofter.\n", 1, "--softly is no option"),
        ("With `--softly` it is softer.\n", 1, "--softly is no option"),
        ("```console\n$ python -m vsod.core.nothing a\n```\n", 2, "no such module"),
        (
            "```console\n$ python -m pytest tests/core/test_of_nothing.py -x\n```\n",
            2,
            "there is no tests/core",
        ),
        ("```console\n$ vsod-desktop screenshots shots a.mp4 --theme pink\n```\n", 2, "pink"),
        ("```console\n$ vsod-desktop run 'a.mp4 -o b.mov\n```\n", 2, "quotation"),
    ],
)
def test_what_is_wrong_is_found(checker, tmp_path, text, line, fault):
    (found,) = checker.faults(document(tmp_path, text))
    assert found.startswith(f"{tmp_path / 'page.md'}:{line}: ") and fault in found


@pytest.mark.parametrize(
    "text",
    [
        "```console\n$ vsod-desktop probe a.mp4\nvsod-desktop: no such file\n```\n",  # the second line is its answer
        f"{SKIP}\n\n```console\n$ vsod-desktop run …\n```\n",
        "```console\n$ vsod-desktop run IN -o OUT [--range A:B] [--grow PX | --feather PX] [options] # --x\n```\n",
        '```console\n$ O="--grow 1"\n$ vsod-desktop run $IN -o "$(dirname $IN)/m.mov" $O 2>&1 | tee log\n```\n',
        "`vsod-desktop`, `vsod-desktop clip.mp4`, `vsod-desktop labels` and `vsod-desktop --version`\n",
        "`pip install vsod-desktop[crf]` and `tar x vsod-desktop --fast`\n",
        "```console\n$ vsod-desktop batch 'rushes/**/*.mov' -o mattes/; nice -n 5 vsod-desktop doctor\n```\n",
    ],
)
def test_what_is_right_is_left_alone(checker, tmp_path, text):
    assert checker.faults(document(tmp_path, text)) == []


def test_a_makefile_is_read_as_make_reads_it(checker, tmp_path):
    recipe = 'app:\n\t@for c in $$CLIPS; do \\\n\t  $(BIN)/vsod-desktop run "$$c" -o m.mov --force; done\n'
    (found,) = checker.faults(document(tmp_path, recipe, "Makefile"))
    assert ":2: " in found and "--force" in found


def test_a_hidden_name_is_none_for_documents(checker, tmp_path):
    run = checker.commands["run"]
    run.add_argument("--internal", help="==SUPPRESS==")
    (found,) = checker.faults(
        document(tmp_path, "```sh\nvsod-desktop run a.mp4 -o b.mov --internal x\n```\n")
    )
    assert "--internal" in found


def test_the_exit_code_tells(tmp_path, capsys):
    assert check_commands.main([str(document(tmp_path, "`vsod-desktop run --no`\n"))]) == 1
    assert "page.md:1: " in capsys.readouterr().out
    assert check_commands.main([str(document(tmp_path, "`vsod-desktop run`\n"))]) == 0


def test_a_line_of_shell_is_taken_apart():
    line = "A=1 B=2 one --x 3 > out; if two $(three four); then five 'a b' && time -v six; fi"
    assert list(simple_commands(line))[:5] == [
        ["one", "--x", "3"],
        ["if", "two", "WORD"],
        ["five", "a b"],
        ["six"],
        ["fi"],
    ]


def test_lines_keep_their_numbers(tmp_path):
    page = document(tmp_path, "`one`\n\n```\ntwo\n```\nthree `four\nfive` six `seven`\n")
    assert [(s.line, s.text) for s in snippets(page)] == [
        (4, "two"),
        (1, "one"),
        (6, "four five"),
        (7, "seven"),
    ]

"""``-v``, ``-q`` and ``--log`` of every command."""

import logging

import pytest

from vsod import logs, paths
from vsod.cli.main import build_parser, main
from vsod.cli.options.path_access import every_command
from vsod.cli.terminal import output
from vsod.core.job import JobResult
from vsod.core.progress import Progress

COMMANDS = dict(every_command(build_parser()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_and_shows_them(command):
    parser = COMMANDS[command]
    assert {"-v", "-q", "--log"} <= set(parser._option_string_actions)
    assert "--log FILE" in parser.format_help()


def test_what_is_not_given_is_not_there():
    assert not {"verbosity", "log"} & set(vars(build_parser().parse_args(["models"])))
    assert build_parser().parse_args(["models", "-vv"]).verbosity == 2
    assert build_parser().parse_args(["models", "-q"]).verbosity == -1
    with pytest.raises(SystemExit):
        build_parser().parse_args(["models", "-q", "-v"])


def test_a_run_is_logged_from_its_command_to_its_exit_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VSOD_LOGS", str(tmp_path / "logs"))
    own = tmp_path / "deep" / "own.log"
    own.parent.mkdir()
    for _ in range(2):
        assert main(["formats", "--log", str(own)]) == 0
    text = own.read_text()
    assert text == (tmp_path / "logs" / logs.FILE).read_text()
    assert text.count(f": formats --log {own}\n") == 2 and text.count("ends with exit code 0\n") == 2
    out, err = capsys.readouterr()
    assert "ffv1-gray8" in out and err == ""
    assert main(["formats", "-v"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "info: ends with exit code 0"


def test_an_error_is_said_once_and_logged_with_its_traceback(tmp_path, capsys):
    log = tmp_path / "own.log"
    assert main(["probe", str(tmp_path / "none.mp4"), "-vv", "--log", str(log)]) == 1
    said = capsys.readouterr().err
    assert said.count("none.mp4: no such") <= 1 and said.count("vsod-desktop: ") == 1
    assert "Traceback" in log.read_text() and "MediaNotFound" in log.read_text()


@pytest.mark.parametrize("content", [b"an editor's own", b"\0\0\0\x1cftypisom", b"\n"])
def test_what_is_no_log_is_not_appended_to(tmp_path, capsys, content):
    file = tmp_path / "clip.mp4"
    file.write_bytes(content)
    assert main(["formats", "--log", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "clip.mp4: this is no log" in err and file.read_bytes() == content


def test_a_log_that_cannot_be_written_is_told(tmp_path, capsys):
    assert main(["formats", "--log", str(tmp_path / "none" / "x.log"), "--json"]) == 1
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and "x.log" in err and '"error"' in out


def test_quiet_says_nothing_but_results_and_errors(tmp_path, capsys):
    result = JobResult(
        tmp_path / "m.mkv", 2, 1.0, "cpu", held=[1], warnings=["odd"], outputs=[tmp_path / "m.mkv"]
    )
    for level, said in ((logging.WARNING, 3), (logging.ERROR, 0)):
        with logs.recording(None, level=level), output.ProgressBars(False) as bars:
            bars(Progress("analyse", 1, 2, None))
            bar = capsys.readouterr().err
            assert bool(bar) == bool(said)
            output.print_result(result, False)
        out, err = capsys.readouterr()
        assert (
            out.strip() == str(tmp_path / "m.mkv")
            and sum("analyse" not in x for x in err.splitlines() if x) == said
        )
    assert main(["probe", str(tmp_path / "none.mp4"), "-q"]) == 1
    assert capsys.readouterr().err.startswith("vsod-desktop: ")


def test_a_line_stands_above_the_bar(capsys):
    with logs.recording(None, level=logging.INFO), output.ProgressBars(False) as bars:
        bars(Progress("analyse", 1, 2))
        logging.getLogger("vsod.x").info("in between")
        bars(Progress("analyse", 2, 2))
    before, line, after = capsys.readouterr().err.partition("info: in between\n")
    assert line and "analyse" in before and before.endswith("\r") and "analyse" in after


def test_a_log_that_cannot_be_kept_stops_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VSOD_LOGS", str(tmp_path / "file"))
    assert main(["models", "--json"]) == 0 and capsys.readouterr().err == ""


def test_the_users_own_folder_is_the_platforms(monkeypatch):
    monkeypatch.delenv("VSOD_LOGS")
    assert "vsod-desktop" in paths.log_dir().parts

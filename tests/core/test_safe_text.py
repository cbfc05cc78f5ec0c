"""Text from elsewhere: nothing in it acts when shown, and all of it comes back when kept."""

import io
import json
import os
import subprocess
import sys

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vsod.cli.main import main
from vsod.cli.terminal.output import PlainStream
from vsod.core.safe_text import json_text, sanitise, shell_words

HOSTILE = "a\x1b]0;owned\x07\r\n\t\x7f\x9b31m\u202egpj\u2066.\udce9\x00\u2028ü→🎬"
anything = st.text(st.characters(codec=None, exclude_categories=()))


def test_what_acts_becomes_text_and_the_rest_stays():
    assert sanitise(HOSTILE) == (
        r"a\x1b]0;owned\x07\x0d\x0a\x09\x7f\x9b31m\u202egpj\u2066.\udce9\x00\u2028ü→🎬"
    )
    assert sanitise("one\ntwo\r", lines=True) == "one\ntwo\\x0d"


@given(anything)
def test_nothing_that_acts_is_left(text):
    shown = sanitise(text)
    shown.encode()
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in shown)


@given(st.dictionaries(anything, anything | st.lists(anything)), st.sampled_from([None, 1]))
def test_json_is_encodable_and_comes_back_the_same(value, indent):
    text = json_text(value, indent)
    assert json.loads(text.encode()) == value
    assert sanitise(text, lines=True) == text


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
@pytest.mark.parametrize(
    "word", ["plain", "it's", "caf\udce9\u202e7", "line\nfeed\t'x'\\", "\x1b[0m", "ü\x9bm"]
)
def test_a_command_is_one_plain_line_that_the_shell_reads_back(word):
    line = shell_words(["printf", "%s", word])
    assert sanitise(line) == line
    told = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout
    assert os.fsdecode(told) == word


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_stream_writes_nothing_that_acts_in_any_encoding(encoding):
    raw = io.BytesIO()
    stream = PlainStream(io.TextIOWrapper(raw, encoding, newline="\n"))
    print(HOSTILE, file=stream, flush=True)
    assert not any(byte < 0x20 and byte != 0x0A for byte in raw.getvalue())
    assert b"\\udce9" in raw.getvalue() and (b"\\u2192" in raw.getvalue()) == (encoding != "utf-8")


COMMANDS = """
probe X
probe X --json
run X -o X.mkv
run X -o X.mkv --json
run X -o X --cfr X
run X -o X --names X{x}
run X -o X --model X
run X -o X --format X
run X -o X --shot X
run X -o X --range X
verify X X
lanes X -o X.csv
rerun X
batch X -o out
batch X --dry-run
batch X* --json
batch X --name {X}
watch X -o X2
bench X
cards X
X X
evaluate X --data X
train X --data X --out X
labels fuse --maps X --out X
demo X/X
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names of any characters")
@pytest.mark.parametrize("words", COMMANDS.strip().splitlines())
@pytest.mark.parametrize("there", [True, False])
def test_no_command_writes_a_hostile_name_raw(tmp_path, monkeypatch, capsys, words, there):
    monkeypatch.chdir(tmp_path)
    name = "a\x1b]0;owned\x07\x9b\u202e\udce9\r.mkv"
    if there:
        (tmp_path / name).write_bytes(b"no clip")
    try:
        main([word.replace("X", name) for word in words.split()])
    except SystemExit as left:
        assert left.code == 2
    told = capsys.readouterr()
    for text in (told.out, told.err):
        text.encode()
        assert sanitise(text, lines=True) == text


def test_tags_of_a_clip_are_shown_on_one_line_each(tmp_path, capsys):
    path = tmp_path / "tagged.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "a\nwarning: all is well\x1b[2J\x9b\u202e"
        container.metadata["timecode"] = "01:00:00:00\nwarning: all is well\x1b]0;x\x07"
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    for words in (["probe", str(path)], ["probe", str(path), "--json"]):
        assert main(words) == 0
        told = capsys.readouterr().out
        assert sanitise(told, lines=True) == told
        assert not [line for line in told.splitlines() if line.startswith("warning: all")]
    assert json.loads(told)["timecode"].startswith("01:00:00:00\nwarning")


LONG = ("probe X", "batch X -o out", "run X -o o.mkv", "verify X X", "watch X -o y", "rerun X")


@pytest.mark.parametrize("words", LONG)
def test_a_name_that_is_too_long_is_no_bug(words, capsys):
    assert main([word.replace("X", "a" * 5000) for word in words.split()]) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert "too long" in line and "unexpected" not in line

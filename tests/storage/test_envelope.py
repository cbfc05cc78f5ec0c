"""Files that are kept: what was written, or the word that it is not there; never anything else."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vsod.storage import envelope
from vsod.storage.envelope import Damaged
from vsod.storage.partial_names import is_stale, partial_name, target_of

PAYLOAD = bytes(range(256)) * 3


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    file = tmp_path_factory.mktemp("envelope") / "f"
    envelope.write(file, "maps", PAYLOAD, key="clip|model", note=b"note", format=3)
    return file


def test_it_gives_back_what_was_written(written):
    head, payload = envelope.read(written, "maps", key="clip|model", format=3)
    assert (head.kind, head.format, head.key, head.note) == ("maps", 3, "clip|model", b"note")
    assert payload == PAYLOAD
    assert envelope.read_head(written) == head


@pytest.mark.parametrize(
    "asked", [("nets", "clip|model", 3), ("maps", "other", 3), ("maps", "clip|model", 4)]
)
def test_what_was_made_for_something_else_is_not_there(written, asked):
    kind, key, format = asked
    with pytest.raises(FileNotFoundError):
        envelope.read(written, kind, key=key, format=format)


def test_long_keys_and_notes_are_told_apart(tmp_path):
    for key in ("a" * 10_000, "a" * 10_001):
        envelope.write(tmp_path / str(len(key)), "x", b"1", key=key, note=bytes(20_000))
    assert envelope.read(tmp_path / "10000", "x", key="a" * 10_000)[0].note == bytes(20_000)
    with pytest.raises(FileNotFoundError):
        envelope.read(tmp_path / "10000", "x", key="a" * 10_001)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_any_flipped_cut_or_added_byte_is_noticed(written, data):
    blob = bytearray(written.read_bytes())
    way = data.draw(st.sampled_from(["flip", "cut", "remove", "add"]))
    at = data.draw(st.integers(0, len(blob) - 1))
    if way == "flip":
        blob[at] ^= 1 << data.draw(st.integers(0, 7))
    elif way == "cut":
        del blob[at:]
    elif way == "remove":
        del blob[at]
    else:
        blob.insert(at, data.draw(st.integers(0, 255)))
    if bytes(blob) == written.read_bytes():
        return
    copy = written.with_name("copy")
    copy.write_bytes(blob)
    with pytest.raises((Damaged, FileNotFoundError)):
        envelope.read(copy, "maps", key="clip|model", format=3)


def test_links_are_neither_read_nor_written_through(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(victim)
    with pytest.raises(OSError):
        envelope.read_head(link)
    envelope.write(link, "x", b"1", key="")
    assert victim.read_text() == "precious" and not link.is_symlink()


def test_a_failed_write_leaves_nothing(tmp_path):
    def pieces():
        yield b"1"
        raise OSError("disk full")

    (tmp_path / "f").write_bytes(b"old")
    with pytest.raises(OSError):
        envelope.replace(tmp_path / "f", pieces())
    assert [p.name for p in tmp_path.iterdir()] == ["f"] and (tmp_path / "f").read_bytes() == b"old"


def test_partial_names_tell_whose_they_are():
    name = partial_name("a.mov")
    assert name != partial_name("a.mov") and target_of(name) == "a.mov"
    assert not is_stale(name)
    assert is_stale(name.replace(f"-{os.getpid()}-", "-999999999-"))
    assert not is_stale(
        name.replace(f"-{os.getpid()}-", "-999999999-").replace(".partial-", ".partial-other")
    )
    assert target_of("a.mov") is None and not is_stale("a.mov")
    long = partial_name("ü" * 200)
    assert len(os.fsencode(long)) <= 255


def test_what_is_damaged_is_said_deleted_and_made_anew(tmp_path, expect_log):
    file = tmp_path / "f"

    def parse():
        return envelope.read(file, "x", key="k")[1]

    assert envelope.read_or_discard(file, parse, "it is made anew") is None  # there is none: nothing to say
    envelope.write(file, "x", b"payload", key="k")
    assert envelope.read_or_discard(file, parse, "it is made anew") == b"payload"
    expect_log(r"f is damaged: it is made anew \(its contents changed\)$")
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert envelope.read_or_discard(file, parse, "it is made anew") is None and not file.exists()


def test_what_is_whole_and_makes_no_sense_is_damaged_too(tmp_path, expect_log):
    file = tmp_path / "f"
    envelope.write(file, "x", b"no number", key="k")
    expect_log(r"f is damaged: again \(could not convert")
    read = envelope.read_or_discard(
        file, lambda: float(envelope.read(file, "x", key="k")[1].decode()), "again"
    )
    assert read is None and not file.exists()

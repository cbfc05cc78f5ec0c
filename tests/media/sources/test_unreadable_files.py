"""Files that cannot be read, each by its own name: cut off, never closed, encrypted, of an unknown codec, pipes."""

from __future__ import annotations

import os
import re
import socket
import struct
from fractions import Fraction
from pathlib import Path

import pytest

from helpers.clips import Recipe, run_ffmpeg, write_clip
from vsod.errors import MediaError
from vsod.media.formats.encryption import find_encryption
from vsod.media.formats.iso_boxes import read_boxes
from vsod.media.sources.opening import open_source


def refusal(path: Path) -> str:
    with pytest.raises(MediaError) as caught:
        open_source(path)
    assert caught.value.exit_code == 1 and caught.value.fix.endswith(".")
    return caught.value.what


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same clip in several files."""
    folder = tmp_path_factory.mktemp("whole")
    made = {}
    for name, options in {
        "end.mp4": {},
        "end.mov": {},
        "front.mp4": {"movflags": "+faststart"},
        "a.mkv": {},
        "a.avi": {},
        "a.mxf": {},
    }.items():
        codec = "mpeg2video" if name == "a.mxf" else "libx264"
        path = folder / name
        write_clip(path, Recipe(codec=codec, rate=Fraction(25), count=30, container_options=dict(options)))
        made[name] = path.read_bytes()
    return made


def box(data: bytes, kind: bytes) -> int:
    """Where a box of the top begins."""
    return data.index(kind) - 4


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_inside_its_index_says_so(whole: dict[str, bytes], tmp_path: Path, share: float) -> None:
    data = whole["front.mp4"]
    start = box(data, b"moov")
    (size,) = struct.unpack_from(">I", data, start)
    (tmp_path / "cut.mp4").write_bytes(data[: start + int(size * share)])
    said = refusal(tmp_path / "cut.mp4")
    assert "cut off inside its index" in said and f"of {size:,} bytes" in said


@pytest.mark.parametrize("name", ["end.mp4", "end.mov"])
def test_a_recording_that_was_not_closed_says_so(whole: dict[str, bytes], tmp_path: Path, name: str) -> None:
    data = whole[name]
    path = tmp_path / name
    path.write_bytes(data[: data.rindex(b"moov") - 4])
    assert "was not closed" in refusal(path)
    # a camera that lost power: the size of the pictures was never written
    at = box(data, b"mdat")
    path.write_bytes(data[:at] + b"\0\0\0\0" + data[at + 4 : data.rindex(b"moov") - 4])
    assert "was not closed" in refusal(path)
    path.write_bytes(data[: at + 400])
    assert "cut off before its index, inside its pictures" in refusal(path)
    path.write_bytes(data[:at])
    assert "cut off before its pictures" in refusal(path)


@pytest.mark.parametrize(
    ("name", "length", "said"),
    [
        ("a.mkv", 60, "cut off inside its head"),
        ("a.avi", 200, "cut off inside its head"),
        ("a.mxf", 300, "cut off inside its head"),
        ("end.mp4", 0, "empty"),
    ],
)
def test_other_files_that_were_cut(
    whole: dict[str, bytes], tmp_path: Path, name: str, length: int, said: str
) -> None:
    (tmp_path / name).write_bytes(whole[name][:length])
    assert said in refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bytes(100_000), "nothing but zeros"),
        (b"<html><body>Sign in to download</body></html>" * 9, "a text"),
        (b"PK\x03\x04" + bytes(range(256)), "a ZIP archive"),
        (b"\0\0\1\0RED2\0\6" + bytes(range(256)), "REDCODE RAW"),
    ],
)
def test_what_is_no_video_says_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.mov").write_bytes(data)
    assert said in refusal(tmp_path / "a.mov")


@pytest.mark.parametrize("scheme", ["cenc-aes-ctr"])
@pytest.mark.parametrize(
    "movflags", ["", "+faststart", "+frag_keyframe+empty_moov", "+cmaf+frag_keyframe+empty_moov"]
)
def test_an_encrypted_mp4_is_refused_before_the_work(
    whole: dict[str, bytes], tmp_path: Path, scheme: str, movflags: str
) -> None:
    clear, path = tmp_path / "clear.mp4", tmp_path / "encrypted.mp4"
    clear.write_bytes(whole["end.mp4"])
    key = ("-encryption_scheme", scheme, "-encryption_key", "0" * 32, "-encryption_kid", "1" * 32)
    flags = ("-movflags", movflags) if movflags else ()
    run_ffmpeg("-i", str(clear), "-c", "copy", *key, *flags, str(path))
    assert find_encryption(clear) is None
    assert "encrypted (CENC)" in refusal(path)


def ebml(id: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes.fromhex(id) + b"\x08" + len(body).to_bytes(4, "big") + body


def test_an_encrypted_matroska_is_refused(tmp_path: Path) -> None:
    encodings = ebml("6D80", ebml("6240", ebml("5033", b"\1"), ebml("5035", ebml("47E1", b"\5"))))
    video = ebml("E0", ebml("B0", b"\x40"), ebml("BA", b"\x40"))
    for extra, found in (
        (encodings, "Matroska"),
        (b"", None),
        (ebml("6D80", ebml("6240", ebml("5033", b"\0"))), None),
    ):
        entry = ebml(
            "AE",
            ebml("D7", b"\1"),
            ebml("73C5", b"\1"),
            ebml("83", b"\1"),
            ebml("86", b"V_VP8"),
            video,
            extra,
        )
        cluster = ebml("1F43B675", ebml("E7", b"\0"), ebml("A3", b"\x81\0\0\x80" + bytes(range(100))))
        segment = ebml(
            "18538067", ebml("1549A966", ebml("2AD7B1", b"\x0f\x42\x40")), ebml("1654AE6B", entry), cluster
        )
        path = tmp_path / "a.mkv"
        path.write_bytes(ebml("1A45DFA3", ebml("4282", b"matroska")) + segment)
        assert find_encryption(path) == found
        if found:
            assert "encrypted (Matroska)" in refusal(path)


@pytest.mark.parametrize("size", [188, 192])
def test_a_scrambled_transport_stream_is_refused(whole: dict[str, bytes], tmp_path: Path, size: int) -> None:
    (tmp_path / "a.mp4").write_bytes(whole["end.mp4"])
    path = tmp_path / ("a.ts" if size == 188 else "a.m2ts")
    mode = ("-mpegts_m2ts_mode", "1") if size == 192 else ()
    run_ffmpeg("-i", str(tmp_path / "a.mp4"), "-c", "copy", *mode, str(path))
    assert find_encryption(path) is None
    data, lead = bytearray(path.read_bytes()), size - 188
    for at in range(lead, len(data), size):
        pid = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        if pid in (0x100, 0x1011):
            data[at + 3] |= 0x80
    path.write_bytes(data)
    assert "encrypted (conditional access)" in refusal(path)


def test_a_disc_with_css_is_refused(whole: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "VTS_01_1.VOB"
    (tmp_path / "a.mp4").write_bytes(whole["end.mp4"])
    run_ffmpeg("-i", str(tmp_path / "a.mp4"), "-c:v", "mpeg2video", "-f", "vob", str(path))
    assert find_encryption(path) is None
    path.write_bytes(
        re.sub(
            rb"(\x00\x00\x01\xe0..)([\x80-\x8f])",
            lambda m: m[1] + bytes([m[2][0] | 0x10]),
            path.read_bytes(),
            flags=re.DOTALL,
        )
    )
    assert "encrypted (CSS)" in refusal(path)


@pytest.mark.parametrize(
    ("name", "known", "other", "said"),
    [
        ("end.mp4", b"avc1", b"xyz1", "'xyz1'"),
        ("end.mov", b"avc1", b"brxq", "Blackmagic RAW"),
        ("end.mov", b"avc1", b"CRAW", "Canon RAW"),
        ("a.mkv", b"V_MPEG4/ISO/AVC", b"V_XYZ/UNKNOWN/9", "'V_XYZ/UNKNOWN/9'"),
        ("a.avi", b"H264", b"XYZ9", "'XYZ9'"),
    ],
)
def test_an_unknown_codec_is_named(
    whole: dict[str, bytes], tmp_path: Path, name: str, known: bytes, other: bytes, said: str
) -> None:
    assert known in whole[name]
    (tmp_path / name).write_bytes(whole[name].replace(known, other))
    assert said in refusal(tmp_path / name)


def test_boxes_of_any_bytes_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data in (
        b"\0\0\0\1mdat",
        b"\0\0\0\1mdat" + b"\xff" * 8,
        b"\0\0\0\4moov" * 9,
        bytes(99),
        b"\xff\xff\xff\xffmoov",
    ):
        path.write_bytes(data)
        with path.open("rb") as file:
            assert len(list(read_boxes(file))) <= 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_can_be_read_once_only_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("p.mp4", "p.exr", "p"):
        os.mkfifo(name)
    assert (
        "a pipe" in refusal(Path("p.mp4"))
        and "a pipe" in refusal(Path("p.exr"))
        and "a pipe" in refusal(Path("p"))
    )
    assert "a device" in refusal(Path("/dev/zero"))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("s.mov")
        assert "a socket" in refusal(Path("s.mov"))

"""What a file is by its name, and by its first bytes where the name does not say: a video, or what else."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from vsod.media.formats.file_marks import ASF, EBML, FIRST_BOXES, MXF_PARTITION, PROGRAM_STREAM
from vsod.media.formats.input_limits import is_playlist

_log = logging.getLogger(__name__)


def _suffixes(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


# FFmpeg's own lists name only some: its programs guess the rest by content
VIDEO_SUFFIXES = _suffixes(
    "mp4 m4v mov qt mqv hdmov 3gp 3g2 3gpp 3gp2 f4v flv ismv ism psp mj2 insv 360 cmfv m4s mp4v "
    "mkv mk3d webm avi divx xvid mxf gxf lxf ogv ogm nut nuv "
    "ts m2t m2ts mts tts tp trp tod mpg mpeg mpe m1v m2v mpv mp2v mpv2 m2p m2ps ps vob vro evo mod "
    "wmv asf wtv dvr-ms rm rmvb pva cine dav dv dif y4m ivf gif apng "
    "h261 h263 h264 264 avc h26l h265 265 hevc h266 266 vvc evc apv vc1 rcv obu av1 avs cavs mjpeg mjpg dirac drc dnxhd"
)
"""Files that are taken for clips by their names."""

_MAY_BE_TEXT = _suffixes("ts mod avs ps rm h264 264")  # TypeScript, Modula, AviSynth, PostScript, ...
_KINDS = {
    "a still image": _suffixes(
        "jpg jpeg jpe jfif png tif tiff webp bmp exr dpx cin tga targa psd psb heic heif avif jxl jp2 j2k j2c jpx hdr "
        "pic pnm pgm ppm pbm pam pfm sgi rgb rgba ico icns svg mpo qoi xcf ora kra"
    ),
    "a raw photo": _suffixes("dng arw cr2 cr3 crw nef nrw orf raf rw2 rwl pef srw x3f 3fr iiq gpr erf"),
    "a sound file": _suffixes(
        "wav bwf rf64 w64 aif aiff aifc caf au mp3 mp2 mpa m2a aac ac3 eac3 ec3 flac amr m4a m4b mka isma oga opus wma "
        "wv ape tta dsf dff mid midi thd dts spx alac ra awb"
    ),
    "camera raw video, which cannot be read here: export it from its maker's program or DaVinci Resolve": _suffixes(
        "braw r3d ari arx crm nev mlv"
    ),
    "a small copy that the camera made": _suffixes("lrv lrf"),
    "a playlist": _suffixes("m3u m3u8 mpd pls asx xspf cpl sdp ffconcat"),
    "a sidecar file": _suffixes(
        "xml xmp thm srt vtt ass ssa sub idx sup mks scc stl smi edl ale csv tsv txt list lst json html htm log md pdf "
        "cpi clpi mpl mpls bdm bdmv ppn bim moi ind ctg inf ifo bup aaf otio otioz fcpxml prproj drp aep blend nk cube "
        "look lut db ini nfo gpx kml gyroflow sav sav2 mhl md5 sha1 sha256 pek cfa ims sfk rmd sidecar vsod dat1 doc "
        "docx xls xlsx rtf"
    ),
    "an archive or a program": _suffixes("zip rar 7z gz bz2 xz tar tgz iso dmg exe msi app apk py sh bat"),
}
_BY_SUFFIX = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes}
_UNKNOWN = "no kind of video that is known here"
_HEAD = 4096
_BEGINNINGS = (
    *(EBML, MXF_PARTITION, ASF, PROGRAM_STREAM),
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x00\x00\x00\x01\x67",  # H.264
    b"\x00\x00\x00\x01\x40\x01",  # HEVC
    b"\x1f\x07\x00",  # DV
    *(b"FLV\x01", b"YUV4MPEG2", b"DKIF", b"GIF87a", b"GIF89a", b".RMF", b"nut/multimedia container", b"DHAV"),
)


def why_special(path: Path) -> str | None:
    """What a path is that cannot be read twice, such as ``a pipe``; None for files, folders, and what is not there."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def why_no_video(path: Path) -> str | None:
    """Why a file is not taken for a clip, such as ``a sound file``; None if it is.

    Its name decides where it can; else its first bytes do. FFmpeg is not asked.
    """
    suffix = path.suffix.lower()
    if (special := why_special(path)) is not None:
        return special
    if suffix in VIDEO_SUFFIXES:
        return "a text" if suffix in _MAY_BE_TEXT and _is_text(_head(path)) else None
    if suffix == ".avif" and _is_animated_avif(_head(path)):
        return None
    if (kind := _BY_SUFFIX.get(suffix)) is not None:
        return kind
    if is_playlist(path):
        return "a playlist"
    head = _head(path)
    if _begins_like_video(head):
        return None
    return "a sound file" if head.startswith(b"OggS") else _UNKNOWN


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        _log.debug("%s: %s", path, error)
        return b""


def _is_text(head: bytes) -> bool:
    """Whether bytes are text: no video begins with 64 printable characters."""
    return bool(head) and all(32 <= byte < 127 or byte in b"\t\n\r" for byte in head[:64])


def _is_animated_avif(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and b"avis" in head[8 : int.from_bytes(head[:4], "big")]


def _begins_like_video(head: bytes) -> bool:
    if head.startswith(_BEGINNINGS) or head[4:8] in FIRST_BOXES:
        return True
    if head[:4] in (b"RIFF", b"RF64"):
        return head[8:12] in (b"AVI ", b"CDXA")
    if head.startswith(b"OggS"):
        return b"theora" in head or b"video" in head
    return any(_has_sync(head, start, step) for start, step in ((0, 188), (4, 192), (0, 204)))


def _has_sync(head: bytes, start: int, step: int) -> bool:
    """Whether a transport stream's mark stands where its packets begin."""
    marks = head[start::step]
    return len(marks) >= 4 and set(marks[:5]) == {0x47}

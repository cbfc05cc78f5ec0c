"""What FFmpeg may open: containers that hold their own pictures, from files, up to a size.

FFmpeg guesses among some 400 formats by content, and some of them are lists of other files and addresses. What
is not in here is not tried, whatever the file is called.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from vsod.core.size_limits import MAX_PIXELS

_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mxf,gxf,lxf,mpegts,mpeg,asf,asf_o,flv,live_flv,ogg,nut,dv,ivf,"
    "yuv4mpegpipe,wtv,rm,nuv,pva,cine,dhav"
)
_STREAMS = (
    "h261,h263,h264,hevc,vvc,evc,apv,m4v,mpegvideo,vc1,vc1test,av1,obu,mjpeg,mjpeg_2000,dirac,dnxhd,cavsvideo"
)
# single pictures and animations; folders of images are read by the sequence reader
_PICTURES = (
    "gif,apng,webp,webp_pipe,png_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,jpegxl_anim,j2k_pipe,tiff_pipe,bmp_pipe,"
    "exr_pipe,dpx_pipe,psd_pipe,sgi_pipe,hdr_pipe,qoi_pipe,pam_pipe,pbm_pipe,pgm_pipe,ppm_pipe,pfm_pipe"
)
# so that a file without a picture can be told to be one
_SOUND = "wav,w64,aiff,caf,au,mp3,aac,ac3,eac3,flac,amr"

OPENIMAGEIO_SUFFIXES = (
    *(
        ".tif",
        ".tiff",
        ".exr",
        ".dpx",
        ".cin",
        ".tga",
        ".hdr",
        ".psd",
        ".psb",
        ".sgi",
        ".jxl",
        ".jp2",
        ".j2k",
    ),
    *(".j2c", ".ppm", ".pgm", ".pnm", ".pfm"),
)
"""Images that OpenImageIO reads, single ones too."""

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", *OPENIMAGEIO_SUFFIXES)
"""Files of an image sequence."""

_RAW = {
    **dict.fromkeys((".cr2", ".cr3", ".crw"), "Canon raw"),
    **dict.fromkeys((".nef", ".nrw"), "Nikon raw"),
    **dict.fromkeys((".arw", ".sr2", ".srf"), "Sony raw"),
    **{".raf": "Fujifilm raw", ".orf": "Olympus raw", ".rw2": "Panasonic raw", ".pef": "Pentax raw"},
    **{".dng": "DNG raw", ".3fr": "Hasselblad raw", ".iiq": "Phase One raw", ".x3f": "Sigma raw"},
    **{".ari": "ARRIRAW", ".arx": "ARRIRAW", ".srw": "Samsung raw"},
}
UNREAD_IMAGES = {
    **_RAW,
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIF"),
    **{".avif": "AVIF", ".gif": "GIF", ".svg": "SVG", ".xcf": "GIMP", ".kra": "Krita", ".jxr": "JPEG XR"},
    **{
        ".pic": "Softimage",
        ".iff": "Maya IFF",
        ".rla": "RLA",
        ".dds": "DirectDraw",
        ".ktx": "Khronos texture",
    },
}
"""Suffixes of images that no sequence is read from, and what they are."""

DEMUXERS = ",".join((_CONTAINERS, _STREAMS, _PICTURES, _SOUND))
PROTOCOLS = "file"

_HEAD = 4096
_LISTS = re.compile(
    rb"#EXTM3U|ffconcat version|\[playlist\]|\[Reference\]|RTSPtext|rtsp://|mcsv|"
    rb"v=0\s+o=|<(?:\?xml|MPD|ASX|smil|SmoothStreamingMedia|manifest|playlist|CompositionPlaylist|AssetMap)\b|"
    rb"(?:https?|file|concat|tcp|udp|rtp|rtmp|ftp|data|subfile|crypto|cache|async):",
    re.IGNORECASE,
)


_log = logging.getLogger(__name__)


def open_options() -> dict[str, str]:
    """Options for opening any file with FFmpeg, which decodes a little of it to know what it is."""
    return {**list_options(), **decoder_options()}


def decoder_options() -> dict[str, str]:
    """Options of every video decoder: it refuses pictures that are too large."""
    return {"max_pixels": str(MAX_PIXELS)}


def list_options() -> dict[str, str]:
    """Options for opening a file with any program of FFmpeg's."""
    return {"format_whitelist": DEMUXERS, "protocol_whitelist": PROTOCOLS}


def is_playlist(path: Path) -> bool:
    """Whether a file is text that names other files: HLS, DASH, SDP, ffconcat, M3U, ASX and others."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        _log.debug("%s: %s", path, error)  # whoever opens it says so
        return False
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head[2:].replace(b"\0", b"")
    return b"\0" not in head and _LISTS.match(head.lstrip()) is not None

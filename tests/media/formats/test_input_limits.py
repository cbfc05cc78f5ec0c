"""What FFmpeg and OpenCV may open: the named file, of a bearable size, and nothing else."""

import resource
import socket
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import OpenEXR
import pytest

from helpers.clips import make
from helpers.decompression_bombs import write_bombs
from helpers.exports import clip_info
from vsod.core.conform import conform_to_rate
from vsod.core.size_limits import MAX_PIXELS
from vsod.errors import UnreadableMedia, UsageError
from vsod.media.formats.input_limits import DEMUXERS
from vsod.media.images.image_reader import read_image
from vsod.media.sources.opening import open_source

OPENED = [
    *(
        ("a.avi", "mpeg4"),
        ("a.asf", "wmv2"),
        ("a.wmv", "wmv2"),
        ("a.mxf", "mpeg2video"),
        ("a.ts", "mpeg2video"),
    ),
    *(
        ("a.mpg", "mpeg2video"),
        ("a.nut", "ffv1"),
        ("a.h264", "libx264"),
        ("a.hevc", "libx265"),
        ("a.flv", "flv1"),
    ),
    *(
        ("a.webm", "libvpx-vp9"),
        ("a.gif", "gif"),
        ("a.3gp", "mpeg4"),
        ("a.m2v", "mpeg2video"),
        ("a.ogv", "theora"),
    ),
    *(
        ("a.ivf", "libvpx"),
        ("a.mjpeg", "mjpeg"),
        ("a.apng", "apng"),
        ("a.y4m", "wrapped_avframe"),
        ("a.dv", "dvvideo"),
    ),
    *(
        ("a.mov", "prores_ks"),
        ("a.mp4", "mpeg4"),
        ("a.mkv", "ffv1"),
        ("a.m4v", "mpeg4"),
        ("a.m2ts", "libx264"),
    ),
    *(
        ("a.rm", "rv20"),
        ("a.obu", "libsvtav1"),
        ("a.vob", "mpeg2video"),
        ("a.wtv", "mpeg2video"),
        ("a.m1v", "mpeg1video"),
    ),
]
FORMATS = {"m2ts": "mpegts", "y4m": "yuv4mpegpipe", "ogv": "ogg"}
PIXELS = {"gif": "rgb8", "apng": "rgb24", "mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}


@pytest.mark.parametrize(("name", "codec"), OPENED)
def test_every_kind_of_clip_is_opened(tmp_path: Path, name: str, codec: str) -> None:
    size = (720, 576) if codec == "dvvideo" else (176, 144)
    path = tmp_path / name
    kind = path.suffix[1:]
    try:
        container = av.open(
            str(path), "w", format=FORMATS.get(kind, {"mjpeg": "mjpeg", "dv": "dv"}.get(kind))
        )
        with container:
            stream = container.add_stream(codec, rate=Fraction(25))
            stream.width, stream.height = size
            stream.pix_fmt = PIXELS.get(codec, "yuv422p" if name == "a.mxf" else "yuv420p")
            for number in range(3):
                grey = np.full((size[1], size[0], 3), 60 * number + 40, np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=stream.pix_fmt)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.codec.codec.UnknownCodecError:
        pytest.skip(f"this FFmpeg has no encoder {codec}")
    with open_source(path) as source:
        assert next(iter(source.frames())).image.shape == (size[1], size[0], 3)


PLAYLISTS = {
    "x.mp4": "ffconcat version 1.0\nfile 'secret.ts'\n",
    "x.mov": "\ufeffffconcat version 1.0\nfile 'http://127.0.0.1:{port}/x.ts'\n",
    "x.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n",
    "y.m3u8": "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/x.ts\n#EXT-X-ENDLIST\n",
    "x.ts": "  \n#EXTM3U\n#EXTINF:1,\nconcat:secret.ts\n#EXT-X-ENDLIST\n",
    "x.mpd": '<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:{port}/v.mp4</BaseURL></MPD>',
    "y.mp4": '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "x.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n",
    "x.asx": '<ASX version="3.0"><ENTRY><REF HREF="http://127.0.0.1:{port}/x"/></ENTRY></ASX>',
    "x.pls": "[playlist]\nFile1=http://127.0.0.1:{port}/x\n",
    "x.avi": "rtsp://127.0.0.1:{port}/x\n",
    "y.mov": "rtsptext\nrtsp://127.0.0.1:{port}/x\n",
    "x.ism": '<?xml version="1.0"?><SmoothStreamingMedia/>',
    "x.mkv": "http://127.0.0.1:{port}/x\n",
}


@pytest.fixture
def heard():
    """Connections that were made to a port, whose number is the first item."""
    server = socket.create_server(("127.0.0.1", 0))
    server.setblocking(False)
    yield server
    server.close()


@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlists_are_refused_by_name_and_open_nothing(
    tmp_path: Path, heard: socket.socket, name: str
) -> None:
    make("cfr", tmp_path).path.rename(tmp_path / "secret.ts")
    path = tmp_path / name
    path.write_text(PLAYLISTS[name].replace("{port}", str(heard.getsockname()[1])))
    with pytest.raises(UnreadableMedia, match="a playlist, not a clip") as caught:
        open_source(path)
    assert caught.value.where == str(path)
    with pytest.raises(BlockingIOError):
        heard.accept()


def test_no_demuxer_of_lists_or_devices_is_let_in() -> None:
    let_in = set(DEMUXERS.split(","))
    others = {
        "concat",
        "hls",
        "dash",
        "sdp",
        "rtsp",
        "rtp",
        "imf",
        "image2",
        "image2pipe",
        "lavfi",
        "avisynth",
    }
    assert not let_in & (
        others | {"vapoursynth", "mlv", "webm_dash_manifest", "v4l2", "x11grab", "data", "bin"}
    )


WATCHED = """
import sys

def hook(event, words):
    if event.startswith("socket.") and event not in ("socket.gethostname",):
        raise SystemExit(f"{event} {words}")

sys.addaudithook(hook)
from vsod.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_whole_run_opens_no_socket(tmp_path: Path) -> None:
    path = make("cfr", tmp_path).path
    words = ["run", str(path), "-o", str(tmp_path / "o.mkv"), "--range", "0:2"]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


PROBED = """
import re, resource, sys, time
from pathlib import Path
from vsod.cli.main import main
def most():  # ru_maxrss would count what the process that started this one had
    return re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
for path in sys.argv[1:]:
    began = time.monotonic()
    code = main(["probe", path])
    spent = time.monotonic() - began
    print(code, f"{spent:.2f}", most(), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_bombs_are_refused_by_size_before_memory_is_taken(tmp_path: Path) -> None:
    bombs = write_bombs(tmp_path)
    words = [sys.executable, "-c", PROBED, *map(str, bombs)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == len(bombs), done.stderr
    for path, (code, spent, most) in zip(bombs, rows, strict=True):
        assert (code, float(spent) < 5, int(most) < 1_000_000) == ("1", True, True), (path, spent, most)
    lines = done.stderr.splitlines()
    assert len(lines) == len(bombs), "nothing but our own lines"
    unnamed = [line for line in lines if "142 million pixels" not in line]
    assert all(".y4m: cannot be opened" in line for line in unnamed), unnamed


def test_large_but_flat_is_no_bomb(tmp_path: Path) -> None:
    folder = tmp_path / "wide"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((16, 16000, 3), np.uint8))
    with open_source(folder) as source:
        assert source.info.upright_size == (16000, 16)
    assert MAX_PIXELS == 16384 * 8640


@pytest.mark.parametrize("gap", [10**5, 10**8, 2 * 10**9, 2**40])
@pytest.mark.parametrize("time_base", [Fraction(1, 24), Fraction(1, 1000), Fraction(1, 2**31 - 1)])
def test_a_gap_is_not_filled_with_millions_of_frames(gap: int, time_base: Fraction) -> None:
    ticks = round(1 / 24 / time_base)
    pts = np.array([0, 1, 2, 3, 3 + gap], np.int64) * ticks
    info = clip_info(count=5, pts=pts, time_base=time_base, last_ticks=ticks)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(UsageError, match="become") as caught:
        conform_to_rate(info, range(5), Fraction(24))
    assert time.process_time() - began < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000
    if gap == 10**5 and time_base == Fraction(1, 24):
        most = int(caught.value.fix.rsplit(" ", 1)[1].rstrip("."))
        assert len(conform_to_rate(info, range(5), Fraction(24), most).source_frames) == most


def test_a_slow_clip_is_conformed_to_a_usual_rate() -> None:
    info = clip_info(count=50, rate=Fraction(1), time_base=Fraction(1), last_ticks=1)
    assert len(conform_to_rate(info, range(50), Fraction(24)).source_frames) == 1200


def test_what_is_no_number_is_black_or_white_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    odd = np.full((8, 8, 3), 0.5, np.float32)
    odd[0], odd[1], odd[2] = np.nan, np.inf, -np.inf
    cv2.imwrite(str(tmp_path / "a.tif"), odd)
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": odd}) as file:
        file.write(str(tmp_path / "a.exr"))
    for name in ("a.tif", "a.exr"):
        image = read_image(tmp_path / name)
        assert image is not None
        top = np.iinfo(image.dtype).max
        assert [image[row].min() / top for row in (0, 1, 2)] == [0, 1, 0]
        assert [image[row].max() / top for row in (0, 1, 2)] == [0, 1, 0]
        assert abs(image[5, 5, 0] / top - 0.5) < 0.01
    assert capfd.readouterr().err == ""


def test_opencvs_own_lines_do_not_reach_stderr(tmp_path: Path) -> None:
    (tmp_path / "odd.tif").write_bytes(b"II*\0\x08\0\0\0" + b"\x07\0" + bytes(range(84)))
    (tmp_path / "cut.exr").write_bytes(b"\x76\x2f\x31\x01\x02\0\0\0")
    words = [sys.executable, "-m", "vsod", "probe", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_raster_that_changes_inside_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "joined.h264"
    for size in ((192, 128), (128, 96)):
        part = tmp_path / "part.h264"
        with av.open(str(part), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"x264-params": "log-level=none"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for _ in range(5):
                container.mux(stream.encode(av.VideoFrame(*size, "yuv420p")))
            container.mux(stream.encode(None))
        with path.open("ab") as joined:
            joined.write(part.read_bytes())
    with open_source(path) as source:
        for _ in range(2):
            assert len(list(source.frames())) == 10
        (warning,) = (w for w in source.info.warnings if "becomes" in w)
        assert "at frame 5 the picture becomes 128x96" in warning and not source.notes

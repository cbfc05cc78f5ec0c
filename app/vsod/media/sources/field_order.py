"""Which field of an interlaced picture comes first."""

from __future__ import annotations

import av.error
from av.filter import Graph
from av.video.frame import VideoFrame

# FFmpeg's AVFieldOrder.
_FIELD_ORDERS = {0: "unknown", 1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}


def field_order(declared: int, first: VideoFrame) -> str:
    """``"progressive"``, ``"tt"``, ``"bb"``, ``"tb"`` or ``"bt"``, as in :class:`vsod.core.clip.ClipInfo`.

    Where the container does not say, or says progressive of a picture that is not, the picture's own
    flags decide: DV never says, Matroska says progressive unless it is told.

    Args:
        declared: What the container says, FFmpeg's AVFieldOrder.
        first: The first picture.
    """
    said = _FIELD_ORDERS.get(declared, "unknown")
    if said not in ("unknown", "progressive"):
        return said
    if not first.interlaced_frame:
        return "progressive"
    return "bb" if _is_bottom_first(first) else "tt"


def _is_bottom_first(picture: VideoFrame) -> bool:
    """The flag of a picture that PyAV does not hand out; FFmpeg's ``select`` filter can ask for it."""
    graph = Graph()
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=picture.time_base
    )
    chosen = graph.add("select", "eq(interlace_type,BOTTOMFIRST)".replace(",", "\\,"))
    sink = graph.add("buffersink")
    source.link_to(chosen)
    chosen.link_to(sink)
    graph.configure()
    source.push(picture)
    try:
        sink.pull()
    except (av.error.BlockingIOError, av.error.EOFError):
        return False
    return True

"""The frame table: the time of every presented frame, before any of them is processed.

A file's own frame counter lies (edit lists, 90 said for 69 shown), so the table is made from the
packets. That is exact for nearly everything and costs no decoding. Where a packet is not a frame
(fields sent one by one, packed B-frames) or where the file gives decoding times only (AVI, ASF and
some MXF files with B-frames), the pictures are decoded once: their order and number is what the
decoder says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vsod.media.sources.packet_list import NO_TIME, PacketList
from vsod.media.sources.stream_clock import ClockBreak
from vsod.media.sources.timestamp_gaps import fill_gaps

Times = npt.NDArray[np.int64]

NO_PICTURE = -1


@dataclass(slots=True, eq=False)
class FrameTable:
    """Where every presented frame lies.

    Attributes:
        pts: (N,) int64, strictly increasing ticks on one clock.
        frames: (P,) int64, the frame that packet p shows, -1 for none.
        packets: What was read of the file's packets, P of them.
        stream: Number of the stream in the file.
        breaks: Where the file's own clock begins anew.
        by_bytes: Whether to seek by place in the file, since its times lead astray or there are none.
        seeks_by_dts: Whether the demuxer seeks decoding times.
        last_ticks: How long the last frame is shown, 0 if unknown.
        trailing_loss: Frames the index promises that lie behind the end of the file.
        filled: Frames of a stream that were lost together with their times.
        parted: Frames that had the time of another one and were moved by a tick.
        untimed: Frames that had no time, which was made up.
        keys: (K,) int64, the frames that decoding can start at, increasing.
    """

    pts: Times
    frames: Times
    packets: PacketList
    stream: int = 0
    breaks: tuple[ClockBreak, ...] = ()
    by_bytes: bool = False
    seeks_by_dts: bool = False
    last_ticks: int = 0
    trailing_loss: int = 0
    filled: int = 0
    parted: int = 0
    untimed: int = 0
    keys: Times = field(init=False, repr=False)
    _key_packets: Times = field(init=False, repr=False)

    def __post_init__(self) -> None:
        numbers = np.flatnonzero(self.packets.keys & (self.frames != NO_PICTURE))
        order = np.argsort(self.frames[numbers], kind="stable")
        self._key_packets, self.keys = numbers[order], self.frames[numbers[order]]

    def key_before(self, frame: int) -> int | None:
        """The last frame at or before ``frame`` that decoding can start at; None if there is none."""
        place = int(np.searchsorted(self.keys, frame, side="right")) - 1
        return int(self.keys[place]) if place >= 0 else None

    def landing_packets(self, frame: int) -> Iterator[int]:
        """Packets to seek to for ``frame``: the nearest key frame, then earlier ones."""
        keys = self._key_packets[: np.searchsorted(self.keys, frame, side="right")]
        if self.by_bytes:
            keys = keys[self.packets.positions[keys] >= 0]
        for back in (1, 2, 4):
            if back < len(keys):  # landing on the very first key frame is no better than starting over
                yield int(keys[-back])

    def without_head(self, frame: int) -> FrameTable:
        """A copy from ``frame`` on: without what cannot be decoded at the head of a stream cut inside a GOP."""
        frames = np.where(self.frames >= frame, self.frames - frame, NO_PICTURE)
        return replace(self, pts=self.pts[frame:], frames=frames)

    def with_lost(self) -> FrameTable:
        """A copy with places for the frames that a stream lost together with their times."""
        whole = fill_gaps(self.pts)
        places = np.searchsorted(whole, self.pts)
        frames = np.where(self.frames == NO_PICTURE, NO_PICTURE, places[self.frames])
        return replace(self, pts=whole, frames=frames, filled=len(whole) - len(self.pts))


def table_of_packets(packets: PacketList, times: Times) -> FrameTable:
    """The table where every packet is one frame and its time is known.

    Args:
        packets: The file's packets.
        times: (P,) their times on one clock.
    """
    numbers = np.flatnonzero(packets.shown & (times != NO_TIME))
    return _table(packets, times, numbers[np.argsort(times[numbers], kind="stable")])


def table_of_pictures(packets: PacketList, times: Times, order: list[int], step: float) -> FrameTable:
    """The table of the pictures that a decoder gave.

    The times are the packets', sorted: what a container gives may be the decoding times of other pictures,
    but together they are the times at which pictures are shown.

    Args:
        packets: The file's packets.
        times: (P,) their times on one clock, as far as they are known.
        order: Packet of each picture, in the decoder's order.
        step: Ticks from frame to frame, for pictures without a time.
    """
    numbers = np.array(order, np.int64)
    shown, untimed = _sorted_times(times[numbers], step)
    table = _table(packets, times, numbers, shown)
    table.untimed = untimed
    return table


def _table(packets: PacketList, times: Times, numbers: Times, shown: Times | None = None) -> FrameTable:
    pts, parted = part_equal(times[numbers] if shown is None else shown)
    frames = np.full(len(packets), NO_PICTURE, np.int64)
    # of two pictures that came from one packet the first gives its place: the decoder is counted on from there
    frames[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    last = int(packets.durations[numbers[-1]]) if len(numbers) else 0
    return FrameTable(pts, frames, packets, last_ticks=last, parted=parted)


def _sorted_times(times: Times, step: float) -> tuple[Times, int]:
    """Increasing times for pictures in their order, and how many of them were made up."""
    known = np.flatnonzero(times != NO_TIME)
    untimed = len(times) - len(known)
    if not len(known):
        return np.array([round(k * step) for k in range(len(times))], np.int64), untimed
    said = np.sort(times[known])
    if not untimed:
        return said, 0
    # before the first and behind the last known one, on at the usual step
    places = np.concatenate(([known[0] - 1], known, [known[-1] + 1]))
    values = np.concatenate(([said[0] - step], said, [said[-1] + step])).astype(float)
    at = np.arange(len(times))
    filled = np.interp(at, places, values)
    before, behind = at < known[0], at > known[-1]
    filled[before] = said[0] - (known[0] - at[before]) * step
    filled[behind] = said[-1] + (at[behind] - known[-1]) * step
    return np.rint(filled).astype(np.int64), untimed


def part_equal(times: Times) -> tuple[Times, int]:
    """Times that do not decrease, made strictly increasing: one that is not later than the last moves by a tick.

    Returns:
        The times, and how many moved.
    """
    if not len(times) or (np.diff(times) > 0).all():
        return times, 0
    # t[k] = max(t[k], t[k - 1] + 1) for all k: without the slope of one tick a frame, a running maximum
    slope = np.arange(len(times))
    parted = np.maximum.accumulate(times - slope) + slope
    return parted, int((parted != times).sum())


def nominal_step(rate: Fraction, time_base: Fraction) -> float:
    """Ticks that a frame lasts."""
    return float(1 / (rate * time_base)) or 1.0

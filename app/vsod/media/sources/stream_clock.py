"""A stream's clock made continuous: recordings joined end to end, each with a clock of its own.

Transport and program streams may be joined with ``cat``. The clock then jumps where the second part
begins, back or forth, or both parts' times overlap. A stream that lost packets looks alike in its
packet times alone, but there the clock runs on: what tells them apart is how the part begins (ISO/IEC
13818-1: program tables with counters of their own, or a system header, and a key frame).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.media.sources.packet_list import NO_TIME, PacketList

Times = npt.NDArray[np.int64]

# Steps beyond the usual one by which a clock that runs on may be late: a lost frame or two is no joint.
_JUMP = 3
# An index or a header gives their packets' times; the clock of these cannot begin anew.
_INDEXED = ("mov", "avi", "mxf", "asf")
# Presentation times go back by some frames with every B-frame.
_REORDERED_STEPS = 20
_TS_PACKETS_LOOKED_AT = 24
_TS_SIZES = (188, 192, 204)
_TS_LEAD = 4  # bytes of arrival time before the packets of M2TS
_PS_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ClockBreak:
    """Where a stream's clock begins anew.

    Attributes:
        packet: Number of the first packet of the new part.
        position: Where the part begins in the file, in bytes; -1 if that is not known.
        jump: Ticks that the file's clock jumps there, against one that runs on; negative = back.
        shift: Ticks to add to the file's times from here on.
    """

    packet: int
    position: int
    jump: int
    shift: int


def make_continuous(
    packets: PacketList, container_format: str, path: Path
) -> tuple[Times, tuple[ClockBreak, ...]]:
    """Presentation times of all packets on one clock, and where the file's own clock begins anew.

    Returns:
        (P,) int64 ticks, :data:`NO_TIME` where the file gives none; and the breaks in file order.
    """
    times = packets.pts.copy()
    if len(times) < 2 or any(name in container_format for name in _INDEXED):
        return times, ()
    # Matroska has presentation times only; its decoding times are made up
    by_dts = "matroska" not in container_format and bool((packets.dts != NO_TIME).any())
    due = packets.dts if by_dts else packets.pts
    known = np.flatnonzero(due != NO_TIME)
    step = _usual_step(due[known])
    if not step:
        return times, ()
    if container_format in _FRESH_STARTS:
        wrong = _outliers(due[known], step)
        times[known[wrong]] = NO_TIME
        known = np.delete(known, wrong)
        # the demuxer makes up times from those of the next packets, which may be another part's
        late = times[known] - packets.dts[known] if by_dts else np.zeros(len(known), np.int64)
        times[known[np.abs(late) > _REORDERED_STEPS * step]] = NO_TIME
    slack = 0 if by_dts else _REORDERED_STEPS * step
    starts = _starts(packets, due, known, step, slack, _FRESH_STARTS.get(container_format), path)
    breaks: list[ClockBreak] = []
    end = None
    for start, stop in zip([0, *starts], [*starts, len(times)], strict=True):
        part = times[start:stop]
        said = part[part != NO_TIME]
        if not len(said):
            continue
        if end is not None:
            shift = int(end - said.min())
            before = breaks[-1].shift if breaks else 0
            breaks.append(ClockBreak(start, int(packets.positions[start]), before - shift, shift))
            part[part != NO_TIME] += shift
            said = said + shift
        end = _end(said, int((packets.shown[start:stop]).sum()), step)
    return times, tuple(breaks)


def _end(said: Times, count: int, step: int) -> int:
    """Where a part ends, whose ``count`` frames have the times ``said`` as far as they are known."""
    step = _usual_step(np.unique(said)) or step
    last, unknown = int(said.max()), count - len(said)
    # frames without a time that are missing nowhere between the others come behind them
    is_whole = last - int(said.min()) <= (len(said) - 1) * step
    return last + step * (1 + unknown if is_whole and unknown > 0 else 1)


def _usual_step(due: Times) -> int:
    steps = np.diff(due)
    steps = steps[steps > 0]
    return int(np.median(steps)) if len(steps) else 0


def _outliers(due: Times, step: int) -> Times:
    """Places whose time is damaged: the times around them follow on each other, without them."""
    if len(due) < 3:
        return np.zeros(0, np.int64)
    around = due[2:] - due[:-2]
    lone = (around >= 0) & (around <= 4 * step) & ((due[1:-1] < due[:-2]) | (due[1:-1] > due[2:]))
    lone &= np.abs(due[1:-1] - due[:-2]) > 4 * step
    return np.flatnonzero(lone) + 1


def _starts(
    packets: PacketList,
    due: Times,
    known: Times,
    step: int,
    slack: int,
    begins_anew: Callable[[Path, int], bool] | None,
    path: Path,
) -> list[int]:
    """Numbers of the packets with which a part begins, the first part's not.

    Args:
        packets: All packets.
        due: Their times in the order of the file.
        known: Packets whose time is known.
        step: Usual ticks from packet to packet.
        slack: Ticks by which times may go back without a joint.
        begins_anew: Whether a part begins at a place in the file; None where the container does not tell.
        path: The file.
    """
    steps = np.diff(due[known])
    found = [int(known[at + 1]) for at in np.flatnonzero(steps < -slack)]
    if begins_anew is not None:
        for at in np.flatnonzero(steps > _JUMP * step):
            number, position = int(known[at + 1]), int(packets.positions[known[at + 1]])
            if packets.keys[number] and position >= 0 and begins_anew(path, position):
                found.append(number)
    return sorted(found)


def _transport_stream_begins(path: Path, position: int) -> bool:
    """Whether a transport stream begins anew right before the packet at ``position``.

    It does where program tables stand right before the picture's first packet and the continuity
    counters of all of them begin at 0, or where the stream itself says that its clock changes.
    """
    size, lead = _transport_packet_size(path, position)
    if not size:
        return False
    position += lead
    start = max(position % size, position - _TS_PACKETS_LOOKED_AT * size)
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(position - start + 188)
    packets = [data[k : k + 188] for k in range(0, len(data), size)]
    picture, tables = packets[-1], packets[:-1]
    if picture[3] & 0x20 and picture[4] and picture[5] & 0x80:  # discontinuity_indicator
        return True
    counters = [picture[3] & 0x0F]
    seen_pat = False
    for packet in reversed(tables):
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid == 0x1FFF:
            continue
        if not _holds_table(packet):
            break
        seen_pat |= pid == 0
        counters.append(packet[3] & 0x0F)
    return seen_pat and len(counters) > 2 and not any(counters)


def _holds_table(packet: bytes) -> bool:
    """Whether a transport packet begins a section: a PAT, PMT, SDT, and no elementary stream."""
    if packet[:1] != b"G" or not packet[1] & 0x40:
        return False
    payload = 5 + packet[4] if packet[3] & 0x20 else 4
    return payload + 3 < 188 and packet[payload : payload + 3] != b"\0\0\1"


def _transport_packet_size(path: Path, position: int) -> tuple[int, int]:
    """Bytes from one transport packet to the next, and what stands before that at ``position``; (0, 0) if unclear."""
    with path.open("rb") as file:
        file.seek(position)
        data = file.read(max(_TS_SIZES) + _TS_LEAD + 1)
    for lead in (0, _TS_LEAD):
        for size in _TS_SIZES:
            if len(data) > lead + size and data[lead] == data[lead + size] == 0x47:
                return size, lead
    return 0, 0


def _program_stream_begins(path: Path, position: int) -> bool:
    """Whether a program stream begins anew with the PES packet at ``position``.

    It does where a pack with a system header holds that packet, or where the timecode of its first group of
    pictures is 0 (ISO/IEC 13818-2, 6.2.2.6).
    """
    with path.open("rb") as file:
        start = max(0, position - _PS_BYTES)
        file.seek(start)
        data = file.read(position - start + 4 + _PS_BYTES)
    before, behind = data[: position - start], data[position - start :]
    pack, header = before.rfind(b"\0\0\1\xba"), before.rfind(b"\0\0\1\xbb")
    if 0 <= pack < header and before.find(b"\0\0\1\xe0", header) < 0:
        return True
    group = behind.find(b"\0\0\1\xb8")
    timecode = int.from_bytes(behind[group + 4 : group + 8], "big") >> 7 if group >= 0 else 1
    return not timecode & ~(1 << 12)  # without its marker bit


_FRESH_STARTS: dict[str, Callable[[Path, int], bool]] = {
    "mpegts": _transport_stream_begins,
    "mpeg": _program_stream_begins,
}

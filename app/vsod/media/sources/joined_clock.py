"""The clock of a clip that was joined from several recordings, for packets of its other streams."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from av.packet import Packet

from vsod.core.clip import Joint

_FOLLOWS = Fraction(1, 2)  # seconds within which a packet follows on the one before


class JoinedClock:
    """Tells by how much the times of a packet are off, by its place in the file and what came before it.

    A part's sound lies between its pictures: what comes behind a part's first picture belongs to that part, and
    what comes shortly before it does so as well where its time then follows on.

    Args:
        joints: Where the file's clock begins anew.
    """

    def __init__(self, joints: Sequence[Joint]) -> None:
        self._joints = [joint for joint in joints if joint.position >= 0]
        self._part: dict[int, int] = {}
        self._last: dict[int, Fraction] = {}

    def shift_of(self, packet: Packet[Any]) -> Fraction:
        """Seconds to add to a packet's times; of one whose place is not known, as of the last of its stream."""
        stream = packet.stream_index
        part = self._part.get(stream, 0)
        if packet.pos is not None and packet.pos >= 0:
            part = sum(packet.pos >= joint.position for joint in self._joints)
        if packet.pts is None or not packet.time_base:
            return self._shift(part)
        time, last = packet.pts * packet.time_base, self._last.get(stream)
        if last is not None and part < len(self._joints):
            off, off_next = (abs(time + self._shift(p) - last) for p in (part, part + 1))
            if off > _FOLLOWS and off_next < _FOLLOWS:
                part += 1
        self._part[stream], self._last[stream] = part, time + self._shift(part)
        return self._shift(part)

    def _shift(self, part: int) -> Fraction:
        return self._joints[part - 1].shift if part else Fraction(0)

    def part_at(self, seconds: Fraction) -> int:
        """Where the part that holds a time of the clip begins in the file, in bytes."""
        place = 0
        for joint in self._joints:
            if joint.starts > seconds:
                break
            place = joint.position
        return place

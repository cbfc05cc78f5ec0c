"""SMPTE timecode arithmetic: labels to frame numbers and back, drop frame included.

Drop frame skips *labels*, never pictures: at 29.97 the labels ``;00`` and ``;01`` are
left out at the start of every minute that is not a multiple of ten (four labels at
59.94; SMPTE ST 12-1). At higher multiples of 29.97 it goes on in the same way, as FFmpeg
counts: eight labels at 119.88. It exists at those rates only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_LABEL = re.compile(r"^\s*(\d{1,2}):(\d{1,2}):(\d{1,2})([:;.,])(\d{1,5})\s*$")
_NTSC = Fraction(1000, 1001)
_MEASURED = Fraction(
    1, 10_000
)  # how far a rate that was measured may be off; 29.97 and 30 are ten times as far apart


@dataclass(frozen=True, slots=True)
class Timecode:
    """A position on the 24-hour label clock.

    Attributes:
        frame: Frames since 00:00:00:00, 0 or more, below one day.
        rate: Exact frame rate; labels count its rounded value (24 at 23.976).
        drop: True for drop-frame labels.
    """

    frame: int
    rate: Fraction
    drop: bool = False

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> Timecode:
        """Read ``HH:MM:SS:FF``; ``;``, ``.`` or ``,`` before the frames means drop frame.

        Raises:
            ValueError: The text is no timecode, the label does not exist at this rate
                (frame number too high, or a dropped label), or drop frame is claimed
                at a rate that has none.
        """
        match = _LABEL.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not a timecode")
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
        drop, fps = match[4] != ":", nominal_fps(rate)
        if hours > 23 or minutes > 59 or seconds > 59 or frames >= fps:
            raise ValueError(f"{text!r} does not exist at {rate} fps")
        if drop and not has_drop_frame(rate):
            raise ValueError(f"{text!r} is drop frame, which {rate} fps does not have")
        minutes += hours * 60
        number = (minutes * 60 + seconds) * fps + frames
        if drop:
            dropped = _dropped_labels(rate)
            if seconds == 0 and frames < dropped and minutes % 10:
                raise ValueError(f"{text!r} is a label that drop frame leaves out")
            number -= dropped * (minutes - minutes // 10)
        return cls(number, rate, drop)

    def __add__(self, frames: int) -> Timecode:
        return Timecode((self.frame + frames) % frames_per_day(self.rate, self.drop), self.rate, self.drop)

    def __str__(self) -> str:
        number, fps = self.frame, nominal_fps(self.rate)
        if self.drop:
            dropped = _dropped_labels(self.rate)
            per_minute, per_ten = fps * 60 - dropped, fps * 600 - dropped * 9
            tens, rest = divmod(number, per_ten)
            # The first minute of ten keeps all its labels, so it is longer by `dropped`.
            number += dropped * (9 * tens + max(0, (rest - dropped) // per_minute))
        seconds, frame = divmod(number, fps)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        width = max(2, len(str(fps - 1)))
        return f"{hour:02d}:{minute:02d}:{second:02d}{';' if self.drop else ':'}{frame:0{width}d}"


def has_drop_frame(rate: Fraction) -> bool:
    """Whether drop-frame labels exist at this rate."""
    fps = nominal_fps(rate)
    return fps % 30 == 0 and abs(rate / (fps * _NTSC) - 1) < _MEASURED


def _dropped_labels(rate: Fraction) -> int:
    """Labels that are left out at the start of a minute: 2 at 29.97, 4 at 59.94, 8 at 119.88."""
    return nominal_fps(rate) // 30 * 2


def nominal_fps(rate: Fraction) -> int:
    """Labels per second: 24 at 24000/1001, 30 at 30000/1001."""
    return max(1, round(rate))


def frames_per_day(rate: Fraction, drop: bool) -> int:
    """How many labels a 24-hour clock has."""
    per_day = nominal_fps(rate) * 86400
    return per_day - _dropped_labels(rate) * (1440 - 144) if drop else per_day


def same_label(one: str | None, other: str | None, rate: Fraction) -> bool:
    """Whether two texts are one label, however it is spelled: ``01:00:00:005`` is ``01:00:00:05``."""
    if one is None or other is None:
        return one is other
    try:
        return Timecode.parse(one, rate) == Timecode.parse(other, rate)
    except ValueError:
        return one == other


def shift(text: str, rate: Fraction, frames: int) -> str:
    """The label ``frames`` frames after ``text``, in the same counting.

    Raises:
        ValueError: See :meth:`Timecode.parse`.
    """
    return str(Timecode.parse(text, rate) + frames)

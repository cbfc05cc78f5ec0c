"""Preview frames in memory: as many around the playhead as there is room for."""

from __future__ import annotations

_USUAL = 25_000  # bytes of one, until some are there
_BEHIND = 1 / 3  # of what is kept lies before the playhead


class PreviewStore:
    """JPEG bytes by frame. Whoever shares it between threads guards it.

    Args:
        limit: Bytes that all of them may take.

    Attributes:
        playhead: The frame around which others are kept.
        taken: Bytes that they take now.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.taken, self.playhead = limit, 0, 0
        self._kept: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, index: int) -> bool:
        return index in self._kept

    def get(self, index: int) -> bytes | None:
        """A frame; None if it is not there."""
        return self._kept.get(index)

    def clear(self) -> None:
        """Forget all of them; the playhead is at the beginning."""
        self._kept, self.taken, self.playhead = {}, 0, 0

    def put(self, index: int, data: bytes) -> list[int]:
        """Keep a frame; gives those that were dropped for it, maybe itself."""
        self.taken += len(data) - len(self._kept.get(index, b""))
        self._kept[index] = data
        return self.make_room()

    def make_room(self) -> list[int]:
        """Drop the frames farthest from the playhead until the others have room; those that were dropped."""
        dropped: list[int] = []
        if self.taken > self.limit:
            for index in sorted(self._kept, key=lambda k: abs(k - self.playhead), reverse=True):
                self.taken -= len(self._kept.pop(index))
                dropped.append(index)
                if self.taken <= self.limit:
                    break
        return dropped

    def window(self, count: int) -> range:
        """The frames of a clip of ``count`` to keep: as many around the playhead as there is room for."""
        most = self.limit / (self.taken / len(self._kept) if self._kept else _USUAL)
        first, last = round(self.playhead - most * _BEHIND), round(self.playhead + most * (1 - _BEHIND))
        return range(max(0, first), min(last, count))

    def first_gap(self, count: int) -> int | None:
        """The frame to go on with: first what lies ahead of the playhead, then what lies behind."""
        window, at = self.window(count), self.playhead
        idle_analysis = next((k for k in range(at, window.stop) if k not in self._kept), None)
        return (
            idle_analysis
            if idle_analysis is not None
            else next((k for k in range(window.start, at) if k not in self._kept), None)
        )

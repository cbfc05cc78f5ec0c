"""Which frame lies where on the timeline, zoomed and scrolled. Plain arithmetic in widget pixels, no Qt."""

from __future__ import annotations

_MOST = 48.0  # pixels a frame may take


class TimeAxis:
    """Maps frames to pixels; shows the whole clip until it is zoomed."""

    def __init__(self) -> None:
        self.count = 1
        self.left, self.width = 0.0, 1.0
        self._first = 0.0  # frame at the left edge
        self._scale = 1.0  # pixels per frame
        self.adapted = True

    @property
    def first(self) -> float:
        """Frame at the left edge."""
        return self._first

    @property
    def shown(self) -> float:
        """How many frames are in sight."""
        return self.width / self._scale

    @property
    def frames_per_pixel(self) -> float:
        """The scale."""
        return 1 / self._scale

    @property
    def visible(self) -> range:
        """The frames in sight, those that are cut off by an edge included."""
        return range(max(0, int(self._first)), min(self.count, int(self._first + self.shown) + 1))

    def set_count(self, count: int) -> None:
        """Another clip, shown whole."""
        self.count = max(count, 1)
        self.fit()

    def set_strip(self, left: float, width: float) -> None:
        """Where the strip lies; the frame at its left edge stays there."""
        self.left, self.width = left, max(width, 1.0)
        if self.adapted:
            self.fit()
        else:
            self._hold(self._first, self._scale)

    def x_of(self, index: float) -> float:
        """Left edge of a frame."""
        return self.left + (index - self._first) * self._scale

    def position(self, x: float) -> float:
        """Frames and parts of one at a pixel."""
        return self._first + (x - self.left) / self._scale

    def frame_at(self, x: float) -> int:
        """Frame under a pixel, clipped to the clip."""
        return max(0, min(int(self.position(x)), self.count - 1))

    def fit(self) -> None:
        """All of the clip."""
        self.adapted, self._first, self._scale = True, 0.0, self.width / self.count

    def zoom(self, factor: float, x: float) -> None:
        """Zoom so that the frame under ``x`` stays there."""
        at = self.position(x)
        least = self.width / self.count
        scale = max(least, min(self._scale * factor, max(_MOST, least)))
        self.adapted = scale == least
        self._hold(at - (x - self.left) / scale, scale)

    def scroll(self, pixels: float) -> None:
        """Move later frames to the left."""
        self._hold(self._first + pixels / self._scale, self._scale)

    def reveal(self, index: int) -> bool:
        """Turn the page if a frame is out of sight. True if it was."""
        if self._first <= index and index + 1 <= self._first + self.shown + 1e-9:
            return False
        self._hold(index - 0.1 * self.shown, self._scale)
        return True

    def _hold(self, first: float, scale: float) -> None:
        last = max(0.0, self.count - self.width / scale)
        self._first, self._scale = max(0.0, min(first, last)), scale

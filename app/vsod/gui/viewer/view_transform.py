"""Where the picture lies in the viewer. Plain arithmetic in device pixels, no Qt."""

from __future__ import annotations

_SMALLEST, _LARGEST = 0.02, 40.0
_MARGIN = 0.0  # device pixels left free around a fitted picture


class ViewTransform:
    """Zoom and position of a picture in a window.

    ``zoom`` is device pixels per picture pixel. While fitted, it follows the window.
    """

    def __init__(self) -> None:
        self.zoom = 1.0
        self.adapted = True
        self._picture = (1.0, 1.0)
        self._window = (1.0, 1.0)
        self._center = (0.5, 0.5)  # picture pixel in the middle of the window

    def set_picture(self, size: tuple[float, float]) -> None:
        """Another picture of (width, height)."""
        self._picture = size
        self.fit()

    def set_window(self, width: float, height: float) -> None:
        """The window changed size; what was in its middle stays there."""
        self._window = (max(width, 1.0), max(height, 1.0))
        if self.adapted:
            self.fit()

    def fit(self) -> None:
        """All of the picture, as large as it goes."""
        self.adapted = True
        (pw, ph), (ww, wh) = self._picture, self._window
        free_w, free_h = max(ww - 2 * _MARGIN, 1.0), max(wh - 2 * _MARGIN, 1.0)
        self.zoom = max(_SMALLEST, min(free_w / pw, free_h / ph))
        self._center = (pw / 2, ph / 2)

    def zoom_to(self, zoom: float, at: tuple[float, float]) -> None:
        """Zoom so that the picture point under the window point ``at`` stays there."""
        x, y = self.to_picture(*at)
        self.adapted = False
        self.zoom = max(_SMALLEST, min(zoom, _LARGEST))
        ww, wh = self._window
        self._hold((x - (at[0] - ww / 2) / self.zoom, y - (at[1] - wh / 2) / self.zoom))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by window pixels."""
        self.adapted = False
        x, y = self._center
        self._hold((x - dx / self.zoom, y - dy / self.zoom))

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Picture point under a window point."""
        (cx, cy), (ww, wh) = self._center, self._window
        return cx + (x - ww / 2) / self.zoom, cy + (y - wh / 2) / self.zoom

    def rect(self) -> tuple[float, float, float, float]:
        """(x, y, width, height) of the picture in the window, on whole pixels while unmagnified."""
        (pw, ph), (ww, wh), (cx, cy) = self._picture, self._window, self._center
        x, y = ww / 2 - cx * self.zoom, wh / 2 - cy * self.zoom
        if self.zoom <= 1:
            # half a pixel off would soften the whole picture
            return round(x), round(y), round(pw * self.zoom), round(ph * self.zoom)
        return x, y, pw * self.zoom, ph * self.zoom

    def _hold(self, center: tuple[float, float]) -> None:
        # the middle of the window never leaves the picture, so it cannot get lost
        self._center = (
            max(0.0, min(center[0], self._picture[0])),
            max(0.0, min(center[1], self._picture[1])),
        )

"""The raster a network works on: the picture's aspect, a fixed budget of pixels, padded to a grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Raster:
    """Size of the picture as the network sees it, and of the padded tensor.

    Attributes:
        width, height: The picture, aspect kept, both even.
        padded_width, padded_height: The tensor; the rest repeats the edge.
    """

    width: int
    height: int
    padded_width: int
    padded_height: int

    @classmethod
    def fit(cls, display: tuple[int, int], area: int, multiple: int) -> Raster:
        """The raster of about ``area`` pixels for a picture of ``display`` = (width, height).

        Extremely long pictures are squeezed to 1:4, so that the short side keeps enough lines.
        """
        aspect = min(max(display[0] / display[1], 0.25), 4.0)
        width = max(2, round(math.sqrt(area * aspect) / 2) * 2)
        height = max(2, round(math.sqrt(area / aspect) / 2) * 2)
        return cls(width, height, -(-width // multiple) * multiple, -(-height // multiple) * multiple)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        return self.width, self.height

    def pad(self, array: npt.NDArray[np.float32], divide: int = 1) -> npt.NDArray[np.float32]:
        """Repeat the edge of (C, height/divide, width/divide) to the padded size."""
        down = self.padded_height // divide - array.shape[1]
        right = self.padded_width // divide - array.shape[2]
        return np.pad(array, ((0, 0), (0, down), (0, right)), mode="edge") if down or right else array

    def crop(self, array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Cut (…, padded_height, padded_width) back to the picture."""
        return array[..., : self.height, : self.width]

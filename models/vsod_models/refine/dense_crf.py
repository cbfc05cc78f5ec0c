"""The fully connected CRF of the published systems: what it asks for, whichever engine answers."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from vsod_models.arrays import Image, Map

_FLOOR = 1e-5  # no pixel is surer than this
_ADDED = 1e-8  # to every probability, where energies are DSS's


@dataclass(frozen=True)
class CRFParameters:
    """Weights and deviations of the two kernels (SCNN, Tang et al. 2019, equations 9 and 10; Potts).

    The defaults are those of the PDB-ConvLSTM authors' script for DAVIS.

    Attributes:
        w_bilateral: Weight of the kernel over place and colour.
        theta_alpha: Its deviation in pixels.
        theta_beta: Its deviation in levels of 0..255, over red, green and blue.
        w_smooth: Weight of the kernel over place alone.
        theta_gamma: Its deviation in pixels.
        iterations: Of the mean field.
        normalise: Stretch each map to 0..1 first, as the PDB-ConvLSTM authors' script does.
        tau: The energy of a label of probability p is -log p / (tau sigmoid(p)), as in DSS; None = -log p.

    Raises:
        ValueError: A deviation or tau is not positive, a weight negative or the iterations fewer than 0.
    """

    w_bilateral: float = 5
    theta_alpha: float = 60
    theta_beta: float = 5
    w_smooth: float = 3
    theta_gamma: float = 3
    iterations: int = 5
    normalise: bool = False
    tau: float | None = None

    def __post_init__(self) -> None:
        for name in ("theta_alpha", "theta_beta", "theta_gamma"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("w_bilateral", "w_smooth", "iterations"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)}")
        if self.tau is not None and not self.tau > 0:
            raise ValueError(f"tau must be above 0, not {self.tau}")


PRESETS = MappingProxyType(
    {
        "pdb": CRFParameters(),
        # DCL's, in the public code of MSST's and STAN's first author
        "dcl": CRFParameters(5, 50, 3, 3, 3, 3),
        # DSS's, in the same code, which does not use it for its tables
        "dss": CRFParameters(5, 60, 5, 3, 3, 1, tau=1.05),
        "deeplab-v1": CRFParameters(4, 121, 5, 3, 3, 10),
        "deeplab-v2": CRFParameters(4, 67, 3, 3, 1, 10),
        "vsod": CRFParameters(8, 80, 4, 3, 3, 5),  # ours: docs/dense-crf.md
    }
)


class DenseCRF(Protocol):
    """What both engines can do."""

    def refine(
        self, rgb: Image, saliency: Map, parameters: CRFParameters | None = None, *, argmax: bool = False
    ) -> Map:
        """Let neighbours of like colour agree.

        Args:
            rgb: (H, W, 3) uint8.
            saliency: (H, W) float32 in 0..1.
            parameters: The kernels; `CRFParameters()` if absent.
            argmax: Give 0 and 1 in place of the posterior.

        Returns:
            (H, W) float32, the posterior of the foreground in 0..1.

        Raises:
            ValueError: The two arrays do not fit, or are not of these types.
        """

    def close(self) -> None:
        """Release what the engine holds."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def unary(rgb: Image, saliency: Map, parameters: CRFParameters) -> Map:
    """The map as log odds of the foreground, the probabilities of both labels clipped at 1e-5.

    With ``tau`` they are the difference of DSS's two energies.

    Args:
        rgb: (H, W, 3) uint8, only to be checked against the map.
        saliency: (H, W) float32 in 0..1.
        parameters: Says whether to stretch the map first (a constant map is left as it is), and ``tau``.

    Returns:
        (H, W) float32.

    Raises:
        ValueError: The two arrays do not fit, or are not of these types.
    """
    if saliency.ndim != 2 or not saliency.size or not np.issubdtype(saliency.dtype, np.floating):
        raise ValueError(f"the map must be (H, W) of float32, not {saliency.shape} of {saliency.dtype}")
    if rgb.shape != (*saliency.shape, 3) or rgb.dtype != np.uint8:
        raise ValueError(
            f"the picture must be {(*saliency.shape, 3)} of uint8, as the map, not {rgb.shape} of {rgb.dtype}"
        )
    chance = saliency.astype(np.float32)
    if not (chance.min() >= 0 and chance.max() <= 1):  # a NaN fails too
        raise ValueError("the map must lie in 0..1")
    if parameters.normalise:
        least, most = chance.min(), chance.max()
        if most > least:
            chance = (chance - least) / (most - least)
    if parameters.tau is not None:
        subject, background = (_energy(p.astype(np.float64), parameters.tau) for p in (chance, 1 - chance))
        return np.asarray(background - subject, np.float32)
    inside = np.maximum(chance, np.float32(_FLOOR))
    outside = np.maximum(1 - chance, np.float32(_FLOOR))
    return np.asarray(np.log(inside / outside), np.float32)


def _energy(chance: npt.NDArray[np.float64], tau: float) -> npt.NDArray[np.float64]:
    return np.asarray(-np.log(chance + _ADDED) * (1 + np.exp(-chance)) / tau)

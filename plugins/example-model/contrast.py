"""The smallest net that is one: what differs in colour from the frame's mean, or moves on its own.

Copy this folder, keep what fits, replace the rest. ``python contrast.py`` writes the weights file.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.recipes import Recipe, Stage


class Contrast(nn.Module):
    """Frequency-tuned colour contrast (Achanta et al., CVPR 2009) plus motion against the camera's.

    Args:
        blur: Window of the mean filter, pixels.
    """

    def __init__(self, blur: int = 7) -> None:
        super().__init__()
        self.blur = blur
        # gain of colour, gain of motion, their product, threshold
        self.mix = nn.Parameter(torch.tensor([6.0, 4.0, 4.0, -3.0]))

    def forward(self, image: Tensor, motion: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        """Logits of a batch of frames.

        Args:
            image: (B, 3, H, W) RGB in 0..1.
            motion: (B, 6, H/2, W/2), see vsod_models.flow.motion_encoding.encode_motion; channel 4 is the speed
                against the camera's motion, 0..1. All zeros where there is no flow.

        Returns:
            (B, 1, H, W) logits; in training mode also a list of side outputs, here none.
        """
        smooth = F.avg_pool2d(image, self.blur, 1, self.blur // 2, count_include_pad=False)
        mean = image.mean((2, 3), keepdim=True)
        colour = (smooth - mean).square().sum(1, keepdim=True).add(1e-6).sqrt()
        speed = F.interpolate(motion[:, 4:5], size=image.shape[-2:], mode="bilinear", align_corners=False)
        a, b, c, d = self.mix
        logits = a * colour + b * speed + c * colour * speed + d
        return (logits, []) if self.training else logits


STAGES = (Stage("all", 2_000, ("image", "motion")),)
"""How ``vsod-desktop train example-contrast`` trains it: in one go, from pictures and motion."""

RECIPE = Recipe(lr=0.01, warmup=20)
"""Where it differs from what our networks are trained with."""


def build(**options: object) -> Contrast:
    """What ``entry`` of the model spec names."""
    return Contrast(**options)  # type: ignore[arg-type]


if __name__ == "__main__":
    from safetensors.torch import save_file

    save_file(dict(build().state_dict()), "contrast.safetensors")

"""DS-Net: two branches, picture and colour-coded flow, weighted against each other scale by scale.

Source: Su, Wang, Liu, Jing, Yang, "DS-Net: Dynamic Spatiotemporal Network for Video
Salient Object Detection", 2020 (arXiv 2012.04886, first version; the latest is by Liu,
Wang, Wang, Su), and its release, which settles what the paper leaves open: the ReLU
before the mean in the weight generator, coarse maps mixed as logits, dilation in one
convolution only.

One thing in the release we do not follow by default: its flow generator reads
the picture's second scale in place of the flow's (``official_bug=True`` does).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.intermediates import Intermediate, record
from vsod_models.layers.aggregation import Cascade
from vsod_models.layers.aspp import ASPP
from vsod_models.layers.blocks import ConvBN, kaiming
from vsod_models.layers.dynamic_weights import (
    DynamicWeights,
    Weighting,
    conv_norm,
    cross_softmax,
    cross_threshold,
)
from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.layers.resnet import ResNet
from vsod_models.layers.vgg import scaled
from vsod_models.losses.published_resnet import dsnet_loss
from vsod_models.published_recipes import PublishedStage, PublishedTraining, ReleasedCode
from vsod_models.recipes import FINE, Stage

Backbone = Literal["resnet34", "mobilenet_v2"]
Path = Literal["down", "up"]
Coarse = Literal["weighted", "sum"]
Supervision = Literal["all", "final"]

VARIANTS: dict[str, dict[str, str | bool | float]] = {
    "M1": {"weighting": "none", "attention": False, "supervision": "final"},
    "M2": {"softmax": False, "tau": "none", "attention": False, "supervision": "final"},
    "M3": {"attention": False, "supervision": "final"},
    "M4": {"supervision": "final"},
    "M5": {},
    "DWG-SEP": {"weighting": "sep"},
    "DWG-FC": {"weighting": "fc"},
    "CAA-woS": {"softmax": False},
    "CAA-woN": {"tau": "none"},
    "CAA-BU": {"path": "up"},
    "M-SS": {"supervision": "final"},
    "M-AGGS": {"coarse": "sum"},
    "M-woATT": {"attention": False},
    **{f"tau={tau:g}": {"tau": tau} for tau in (0.0, 0.2, 0.4, 0.8, 1.0)},
}
"""The rows of the paper's tables III to VI as arguments of :class:`DSNet` (section IV-E).

M1, the baseline: features of both branches "from the same scale … are directly summed up and fed into finer
scale". M2 adds the generators' weights as they come, M3 softmax and threshold ("CAA"), M4 attention, M5
multi-supervision. CAA-woS discards the softmax, the threshold stays, on the raw weights; CAA-woN discards the
threshold, the "nonlinear operation"; CAA-BU feeds into coarser scale. M-SS: the final map alone is
supervised, which makes it M4 (table VI gives it M4's numbers). M-AGGS: S_c = S_s + S_t. tau: the sweep of Fig. 7,
whose values are not in the text; 0.6 is the whole net.
"""


class Branch(nn.Module):
    """One modality: backbone at stride 16, ASPP, and a decoder for a map of its own.

    ``channels`` are those of the five features f1..f5, at strides 4, 8, 16, 16, 16 (f5 leaves ASPP).
    The compact form brings MobileNetV2's stride-16 features to 64 and 96 channels by a 1x1 first.
    """

    def __init__(self, backbone: Backbone, width: float, align_corners: bool) -> None:
        super().__init__()
        self.align_corners = align_corners
        self.encoder: ResNet | MobileNetV2
        if backbone == "resnet34":
            self.encoder = ResNet(depth=34, width=width)
            top = self.encoder.channels[-1]
            inner = scaled(256, width)
            self.channels: tuple[int, ...] = (*self.encoder.channels, inner)
            self.lateral = nn.ModuleList()
        else:
            self.encoder = MobileNetV2(output_stride=16)
            wide, top, inner = 64, 96, 96
            fine, middle, third, last = self.encoder.channels[1:]
            self.channels = (fine, middle, wide, top, inner)
            self.lateral = nn.ModuleList([ConvBN(third, wide, kernel=1), ConvBN(last, top, kernel=1)])
        self.aspp = ASPP(top, inner)
        self.decoder = nn.Sequential(ConvBN(inner, inner), ConvBN(inner, inner), _last(inner, 1))
        kaiming(self.lateral)
        kaiming(self.aspp)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) RGB in 0..1 -> f1..f5."""
        if isinstance(self.encoder, ResNet):
            features: list[Tensor] = self.encoder(x)
        else:
            features = self.encoder(x * 2 - 1)[1:]
            features = [
                *features[:2],
                *(enter(f) for enter, f in zip(self.lateral, features[2:], strict=True)),
            ]
        return [*features, self.aspp(features[-1])]


class DSNet(nn.Module):
    """Saliency of one frame from the picture and the colour-coded flow to the next frame.

    Args:
        backbone: ``resnet34`` as published, or ``mobilenet_v2``, the compact form that we train and ship.
        width: Factor on all channels of the published form; without effect on the compact one.
        weighting: See :class:`~vsod_models.layers.dynamic_weights.DynamicWeights`; ``none``: both branches
            count 1 in every scale (plain addition, no softmax, no threshold) and 1/2 in the coarse map.
        softmax: The branches' weights against each other, scale by scale (eq. 2); without it as they come.
        tau: Beyond this gap of the weights a branch is left out (eq. 3), 0.6 in the paper; ``none`` = never.
        path: Through the scales: ``down``, into finer ones, or ``up``, into coarser ones.
        coarse: S_c: ``weighted`` by the branches' weights (eq. 4), or their ``sum``.
        attention: F_att = F sigmoid(S_c) + F before the last decoder.
        supervision: Which maps training mode hands out beside the final one: ``all``: coarse, spatial,
            temporal; ``final``: none. The branches' decoders then learn nothing but what attention
            asks of them.
        kernels: Of generator and aggregation at the five scales; None = the release's (3, 3, 5, 7, 3),
            or (3, 3, 3, 5, 3) in the compact form, of whose weights 7x7 would hold more than a fifth.
        weight_width: Channels inside the generators; None = 64 times width, 32 in the compact form.
        align_corners: Of every resizing; None = the release's True for ``resnet34`` and False for the compact
            form. True stretches the grid by an amount that depends on the picture's size; False shifts
            it by a constant that convolutions can learn, and the shipped net runs at many sizes.
        official_bug: The flow generator reads the picture's second scale (weights of the release).

    Shapes: ``image`` (B, 3, H, W) RGB in 0..1, ``flow_image`` (B, 3, H, W) flow colours in 0..1, the ImageNet mean
    colour where there is no flow; H and W multiples of 32. In training the batch must hold two frames at least.

    Raises:
        ValueError: An option that does not exist.
    """

    def __init__(
        self,
        *,
        backbone: Backbone = "resnet34",
        width: float = 1.0,
        weighting: Weighting = "dwg",
        softmax: bool = True,
        tau: float | Literal["none"] = 0.6,
        path: Path = "down",
        coarse: Coarse = "weighted",
        attention: bool = True,
        supervision: Supervision = "all",
        kernels: tuple[int, ...] | None = None,
        weight_width: int | None = None,
        align_corners: bool | None = None,
        official_bug: bool = False,
    ) -> None:
        super().__init__()
        for name, value, known in (
            ("backbone", backbone, ("resnet34", "mobilenet_v2")),
            ("weighting", weighting, ("dwg", "sep", "fc", "none")),
            ("path", path, ("down", "up")),
            ("coarse", coarse, ("weighted", "sum")),
            ("supervision", supervision, ("all", "final")),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}")
        compact = backbone == "mobilenet_v2"
        corners = not compact if align_corners is None else align_corners
        sizes = kernels or ((3, 3, 3, 5, 3) if compact else (3, 3, 5, 7, 3))
        inside = weight_width or (32 if compact else scaled(64, width))
        self.softmax, self.tau = softmax, tau
        self.coarse, self.attention, self.supervision = coarse, attention, supervision
        self.align_corners, self.official_bug = corners, official_bug
        self.spatial = Branch(backbone, width, corners)
        self.temporal = Branch(backbone, width, corners)
        channels = self.spatial.channels
        self.generators = nn.ModuleList()
        if weighting != "none":
            self.generators.extend(
                DynamicWeights(channels, width=inside, kernels=sizes, kind=weighting, align_corners=corners)
                for _ in range(2)
            )
        self.aggregate = Cascade(channels, kernels=sizes, upward=path == "up", align_corners=corners)
        c = channels[0]
        self.head = nn.Sequential(conv_norm(c, c, 3), conv_norm(c, c, 3), _last(c, 3))

    def forward(self, image: Tensor, flow_image: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        """Logits (B, 1, H, W); in training mode with the supervised coarse maps, of the same size."""
        pictures, motions = self.spatial(image), self.temporal(flow_image)
        spatial, temporal = self.weights(pictures, motions)
        kept_s, kept_t = spatial, temporal
        if self.tau != "none" and len(self.generators):
            kept_s, kept_t = cross_threshold(spatial, temporal, self.tau)
        record(v_s=spatial, v_t=temporal, u_s=kept_s, u_t=kept_t, f_s=pictures, f_t=motions)
        fused = [
            _at(kept_s, i, f) * f + _at(kept_t, i, g) * g
            for i, (f, g) in enumerate(zip(pictures, motions, strict=True))
        ]
        x = self.aggregate(fused)
        maps: list[Tensor] = []
        if self.attention or (self.training and self.supervision != "final"):
            own_s, own_t = self.spatial.decoder(pictures[-1]), self.temporal.decoder(motions[-1])
            summed = self.coarse == "sum"
            mixed = own_s + own_t if summed else mix_coarse(own_s, own_t, spatial, temporal)
            maps = [mixed, own_s, own_t]
            record(S_s=own_s, S_t=own_t, S_c=mixed)
        if self.attention:
            # as logits to stride 4, then the sigmoid: the release goes by way of full size
            x = x * torch.sigmoid(self._resize(maps[0], x)) + x
        logits = self._resize(self.head(x), image)
        if not self.training:
            return logits
        return logits, [self._resize(m, image) for m in maps] if self.supervision == "all" else []

    def weights(self, pictures: list[Tensor], motions: list[Tensor]) -> tuple[Tensor, Tensor]:
        """How far each branch is believed at each scale, before thresholding: v_s, v_t, each (B, 5)."""
        if not len(self.generators):
            ones = pictures[0].new_ones(pictures[0].shape[0], len(pictures))
            return ones, ones
        spatial = self.generators[0](pictures)
        seen = [motions[0], pictures[1], *motions[2:]] if self.official_bug else motions
        temporal = self.generators[1](seen)
        record(w_s=spatial, w_t=temporal)
        return cross_softmax(spatial, temporal) if self.softmax else (spatial, temporal)

    def backbone_parameters(self) -> list[nn.Parameter]:
        """Weights that start from ImageNet, of both branches."""
        return [*self.spatial.encoder.parameters(), *self.temporal.encoder.parameters()]

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Load a torchvision ``resnet34`` or ``mobilenet_v2`` state dict into both branches, as the paper does.

        Raises:
            KeyError: A tensor is missing.
        """
        self.spatial.encoder.load_torchvision(state)
        self.temporal.encoder.load_torchvision(state)

    def _resize(self, x: Tensor, like: Tensor) -> Tensor:
        return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=self.align_corners)


def mix_coarse(spatial: Tensor, temporal: Tensor, weight_s: Tensor, weight_t: Tensor) -> Tensor:
    """The coarse map S_c = (sum v_s S_s + sum v_t S_t) / (sum v_s + sum v_t), on logits.

    Args:
        spatial: S_s (B, 1, h, w).
        temporal: S_t, the same shape.
        weight_s: v_s (B, 5), before thresholding.
        weight_t: v_t (B, 5); after the cross softmax, all ten sum to 5.
    """
    s, t = weight_s.sum(1)[:, None, None, None], weight_t.sum(1)[:, None, None, None]
    # raw weights (no softmax) can all be 0
    return ((s * spatial + t * temporal) / (s + t).clamp_min(1e-6)).to(spatial.dtype)


def _at(weights: Tensor, scale: int, feature: Tensor) -> Tensor:
    return weights[:, scale, None, None, None].to(feature.dtype)


def _last(channels: int, kernel: int) -> nn.Conv2d:
    """To one logit, near 0 at first: the release starts every convolution from N(0, 0.01).

    Before a batch norm that start makes no difference, so elsewhere we take He's or PyTorch's.
    """
    conv = nn.Conv2d(channels, 1, kernel, padding=kernel // 2)
    nn.init.normal_(conv.weight, 0, 0.01)
    return conv


INTERMEDIATES = {
    "w_s": Intermediate("weights", "weights of the picture, as generated", "III-B, eq. 1", scales=5),
    "w_t": Intermediate("weights", "weights of the motion, as generated", "III-B, eq. 1", scales=5),
    "v_s": Intermediate("weights", "weights of the picture against the motion", "III-C, eq. 2", scales=5),
    "v_t": Intermediate(
        "weights", "weights of the motion against the picture", "III-C, eq. 2", trust_of_motion=True, scales=5
    ),
    "u_s": Intermediate("weights", "weights of the picture, after the threshold", "III-C, eq. 3", scales=5),
    "u_t": Intermediate("weights", "weights of the motion, after the threshold", "III-C, eq. 3", scales=5),
    "f_s": Intermediate("features", "features of the picture", "III-A, Fig. 8", weights="w_s", scales=5),
    "f_t": Intermediate("features", "features of the motion", "III-A, Fig. 8", weights="w_t", scales=5),
    "S_s": Intermediate("logits", "coarse map of the picture", "III-A"),
    "S_t": Intermediate("logits", "coarse map of the motion", "III-A"),
    "S_c": Intermediate("logits", "coarse map of both", "III-D, eq. 6"),
}
"""What can be looked at, see :mod:`vsod_models.intermediates`; of variants, what they have."""

STAGES = (Stage("all", 16_000, ("image", "flow_image"), side_weight=1.2, **FINE),)

PUBLISHED = PublishedTraining(
    options={"backbone": "resnet34"},
    stages=(
        PublishedStage(
            "all",
            "III-E and IV-A: one step, end to end",
            ("DUTS:train", "DAVIS-2016:train", "FBMS-59:train", "VOS:train"),
            ("spatial", "temporal", "generators", "aggregate", "head"),
            partial(dsnet_loss, reduction="release"),
            5e-5,
            reads=("image", "flow_image"),
            batch=8,
            optimiser="adam",
            weight_decay=0.0005,
            schedule="steps",
            epochs=25,
        ),
    ),
    start="ResNet34 of ImageNet in both branches",
    differs=(
        "the backbone learns: III-E can be read as holding it, IV-A says it is initialised, the code trains it",
        "schedule and passes are the released code's, 25 and a fifth after the 10th and 21st; the paper gives none",
        "the loss is summed over the pixels and divided by 80, as in the code: the stated decay goes with it",
        "flow by DIS in place of FlowNet2; photos have the mean colour for their flow",
    ),
    code=ReleasedCode(
        "TJUMMG/DS-Net",
        options={"official_bug": True},
        changes={"all": {"accumulate": 10}},
        differs=("Adam is made anew when the rate falls",),
    ),
)


def build(**options: object) -> DSNet:
    """Entry point named by the model spec."""
    return DSNet(**options)  # type: ignore[arg-type]

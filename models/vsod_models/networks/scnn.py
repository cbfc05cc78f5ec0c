"""SCNN: two fully convolutional networks in cascade.

Source: Tang et al., "Weakly Supervised Salient Object Detection with
Spatiotemporal Cascade Neural Networks", IEEE TCSVT 2019, section III. The
first network finds what stands out in the frame, P_s; the motion prior P_t
says what moves; their product P, strict on both, joins the frame as a fourth
channel of the second network.

Choice where the paper is silent: the maps are reduced to one channel before
they are enlarged (the same by linearity, and cheaper). Choice of ours: in joint
training the first network keeps a loss of its own, so that P_s stays a saliency
map; the paper has one loss, "at the top of SCNN" (III-A).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from vsod_models.intermediates import Intermediate, record
from vsod_models.layers.blocks import upsample_like
from vsod_models.layers.fcn import FC, FCN, Backbone
from vsod_models.layers.first_conv import FirstConv
from vsod_models.losses.published_fcn import balanced_bce, scnn_loss
from vsod_models.published_recipes import (
    DataVariant,
    Options,
    PublishedStage,
    PublishedTraining,
    ReleasedCode,
)
from vsod_models.recipes import FINE, Stage

Variant = Literal["full", "s-fcn", "fg", "fp", "os", "ot"]
Blocks = Literal["last", "all"]

# maps that join the frame in the second network
_JOINED = {"full": 1, "s-fcn": 0, "fg": 2, "fp": 2, "os": 1, "ot": 1}


class SaliencyFCN(nn.Module):
    """Trunk with a score on each of its last two blocks, or of all six (Fig. 10).

    The scores are enlarged and summed: (B, 3, H, W) [+ (B, n, H, W)] -> logits (B, 1, H, W).
    """

    def __init__(self, trunk: FCN, blocks: Blocks = "last") -> None:
        super().__init__()
        self.trunk = trunk
        _, last, top = trunk.channels
        self.score_last = nn.Conv2d(last, 1, 1)
        self.score_top = nn.Conv2d(top, 1, 1)
        finer = trunk.block_channels[:-1] if blocks == "all" else ()
        self.score_finer = nn.ModuleList(nn.Conv2d(channels, 1, 1) for channels in finer)
        for score in (self.score_last, self.score_top, *self.score_finer):
            nn.init.normal_(score.weight, 0, 0.01)
            nn.init.zeros_(score.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor, joined: Tensor | None = None) -> Tensor:
        """Logits of the frame; ``joined`` are maps in 0..1 that the trunk reads beside it."""
        taps = self.trunk(image, joined)
        logits = upsample_like(self.score_last(taps.last) + self.score_top(taps.fc7), image)
        for score, features in zip(self.score_finer, taps.finer, strict=False):
            logits = logits + upsample_like(score(features), image)
        return logits


class SCNN(nn.Module):
    """Saliency of one frame from its picture and its motion prior.

    Args:
        variant: What the second network reads beside the frame: ``full`` P_s times P_t; the others
            are the paper's ablations: ``fp`` P_t and P_s, ``fg`` P_s and the optical flow as a picture
            turned to grey (white = still; passed in place of the prior), ``os`` P_s, ``ot`` P_t.
            ``s-fcn`` is the first network alone.
        backbone: ``vgg16`` (published: 40,971,460 weights) or ``mobilenet_v2`` (compact).
        width: Factor on the published channels.
        fc_channels: Of fc6 and fc7; None = 1024 times width, or 192 in the compact form.
        fc: ``large``, ``full`` or ``dcl``, see :class:`~vsod_models.layers.fcn.FCN`.
        fc6_kernel: 3, or 1 for the "1x1 kernels" of the paper's text.
        first_conv: Start of the second network's first convolution. None = ``xavier`` for VGG16, as
            published, ``keep_rgb`` for MobileNetV2, whose folded batch norms cannot rescale a
            redrawn layer.
        blocks: Blocks of the trunk whose scores are up-sampled: the ``last`` two, or ``all`` six (Fig. 10; the
            paper does not say how a block is scored: by a 1x1 convolution here, as the last two are).

    Shapes: ``image`` (B, 3, H, W) RGB in 0..1, ``prior`` (B, 1, H, W) in 0..1, H and W multiples of
    32 for the compact form; result (B, 1, H, W) logits. In training mode also a list with the logits of the first
    network, empty where it is the result itself (``s-fcn``) or does not exist (``ot``).

    Raises:
        ValueError: An unknown variant.
    """

    def __init__(
        self,
        *,
        variant: Variant = "full",
        backbone: Backbone = "vgg16",
        width: float = 1.0,
        fc_channels: int | None = None,
        fc: FC = "large",
        fc6_kernel: int = 3,
        first_conv: FirstConv | None = None,
        blocks: Blocks = "last",
    ) -> None:
        super().__init__()
        if variant not in _JOINED:
            raise ValueError(f"variant must be one of {', '.join(_JOINED)}, not {variant!r}")
        if blocks not in ("last", "all"):
            raise ValueError(f"blocks must be last or all, not {blocks!r}")
        self.variant = variant
        self.reads = ("image", "grey_flow") if variant == "fg" else ("image", "prior")
        start = first_conv or ("xavier" if backbone == "vgg16" else "keep_rgb")

        def network(joined: int) -> SaliencyFCN:
            trunk = FCN(
                backbone=backbone,
                in_channels=3 + joined,
                width=width,
                fc_channels=fc_channels,
                fc=fc,
                fc6_kernel=fc6_kernel,
                first_conv=start,
            )
            return SaliencyFCN(trunk, blocks)

        self.first = None if variant == "ot" else network(0)
        self.second = None if variant == "s-fcn" else network(_JOINED[variant])

    def spatial(self, image: Tensor) -> Tensor:
        """Logits (B, 1, H, W) of the first network, before motion has a say.

        Raises:
            ValueError: The variant is ``ot``, which has no first network.
        """
        if self.first is None:
            raise ValueError('variant "ot" reads motion alone and has no spatial network')
        logits: Tensor = self.first(image)
        record(P_s=logits)
        return logits

    def forward(self, image: Tensor, prior: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        """Logits; in training mode with those of the first network."""
        if self.second is None:
            logits = self.spatial(image)
            return (logits, []) if self.training else logits
        if self.first is None:
            logits = self.second(image, prior)
            return (logits, []) if self.training else logits
        spatial = self.spatial(image)
        logits = self.second(image, self.joined(torch.sigmoid(spatial), prior))
        return (logits, [spatial]) if self.training else logits

    def joined(self, spatial: Tensor, prior: Tensor) -> Tensor:
        """What joins the frame, (B, n, H, W), from P_s and P_t (or the grey flow), each (B, 1, H, W)."""
        if self.variant == "full":
            product = spatial * prior
            record(P_t=prior, P=product)
            return product
        if self.variant == "os":
            return spatial
        return torch.cat((prior, spatial), 1)

    def start_second(self) -> None:
        """Give the second network the weights of the first, once that is trained on pictures."""
        if self.first is None or self.second is None:
            return
        self.second.trunk.start_from(self.first.trunk)
        self.second.score_last.load_state_dict(self.first.score_last.state_dict())
        self.second.score_top.load_state_dict(self.first.score_top.state_dict())
        self.second.score_finer.load_state_dict(self.first.score_finer.state_dict())

    def backbone_parameters(self) -> list[nn.Parameter]:
        """Pretrained layers, to be trained at a lower rate."""
        return [p for net in self._networks() for p in net.trunk.backbone_parameters()]

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Start every trunk from torchvision's ``vgg16`` or ``mobilenet_v2``.

        Raises:
            KeyError: Tensors are missing.
            RuntimeError: The width is not 1.
        """
        for net in self._networks():
            net.trunk.load_imagenet(state)

    def _networks(self) -> list[SaliencyFCN]:
        return [net for net in (self.first, self.second) if net is not None]


VARIANTS: dict[str, dict[str, object]] = {
    "s-FCN": {"variant": "s-fcn"},
    "FG": {"variant": "fg"},
    "FP": {"variant": "fp"},
    "OS": {"variant": "os"},
    "OT": {"variant": "ot"},
    "all-blocks": {"blocks": "all"},
}
"""The paper's ablations (Fig. 7 and 10) as arguments of :class:`SCNN`."""

DATA_VARIANTS = {"no-weak": DataVariant(labels=False), "no-CRF": DataVariant(crf=False)}
"""Fig. 7c: without weak labels. Fig. 9: without the CRF."""

INTERMEDIATES = {
    "P_s": Intermediate("logits", "spatial saliency, of the first network", "III-A"),
    "P_t": Intermediate("probability", "motion prior as the network reads it", "III-B, eq. 6"),
    "P": Intermediate("probability", "product of P_s and P_t that joins the frame", "III-B, eq. 4"),
}
"""What can be looked at, see :mod:`vsod_models.intermediates`; of variants, what they have."""

SPATIAL = Stage("spatial", 16_000, method="spatial", options={"variant": "s-fcn"}, **FINE)
JOINT = Stage(
    "joint",
    8_000,
    ("image", "prior"),
    static_prior=1.0,
    on_start=lambda net: net.start_second(),
    frozen_parts=("first",),
    **FINE,
)
STAGES = (SPATIAL, JOINT)


def stages_for(options: Mapping[str, object]) -> tuple[Stage, ...]:
    """The stages of a variant: ``s-fcn`` learns from the second stage's data as well, ``ot`` has no first network."""
    variant = options.get("variant", "full")
    if variant == "s-fcn":
        return SPATIAL, replace(JOINT, reads=("image",), method="spatial", on_start=None, frozen_parts=())
    if variant == "ot":
        return (replace(JOINT, on_start=None, frozen_parts=()),)
    return STAGES


def _one_network(logits: Tensor, sides: Sequence[Tensor], target: Tensor) -> Tensor:
    """SCNN's loss of one network (section III-A, equation 3)."""
    return balanced_bce(logits, target).mean()


_FIRST = PublishedStage(
    "spatial",
    "IV-B: MSRA10K is used for fine-tuning the FCN",
    ("MSRA10K",),
    ("first",),
    _one_network,
    1e-2,
    method="spatial",
    options={"variant": "s-fcn"},
    weight_decay=0.005,
)
_CASCADE = PublishedStage(
    "joint",
    "IV-B: SegTrackV2 and the training set of FBMS fine-tune the SCNN; IV-A: with weak labels",
    ("SegTrackV2", "FBMS-59:train"),
    ("first", "second"),
    partial(scnn_loss, spatial_weight=0.0),
    1e-10,
    reads=("image", "prior"),
    weight_decay=0.005,
    summed=True,
    static_prior=1.0,
    labels=True,
    on_start=lambda net: net.start_second(),
)


def _published(options: Options) -> tuple[PublishedStage, ...]:
    variant = options.get("variant", "full")
    if variant == "s-fcn":
        alone = replace(_CASCADE, reads=("image",), method="spatial", loss=_one_network, on_start=None)
        return _FIRST, replace(alone, learns=("first",))
    if variant == "ot":
        return (replace(_CASCADE, loss=_one_network, on_start=None),)
    return _FIRST, _CASCADE


PUBLISHED = PublishedTraining(
    options={"backbone": "vgg16"},
    stages=_published,
    start="VGGNet of ImageNet, its fully connected layers as convolutions",
    differs=(
        "IV-B gives no batch, size, schedule or number of passes: one picture of 512x512, constant rate, 20 passes",
        "the rate 1e-2 is taken on a mean over the pixels, 1e-10 on a sum",
        "the weights of FCN_1's own loss in the second stage: none, as the text has one loss",
        "flow by DIS in place of the paper's; the motion prior's features are of MobileNetV2, not AlexNet",
        "weak labels of DCL, RFCN and DSMT are not to be had: `labels weak` makes them of the maps that are at hand",
    ),
    code=ReleasedCode(
        "piggy2008/SCNN",
        options={"fc": "dcl"},
        differs=(
            "it up-samples pool1 to pool4 and fc8 in FCN_1, pool3, pool4 and fc8 in FCN_2",
            "each branch has a second 128-channel layer and dropout",
        ),
    ),
)


def build(**options: object) -> SCNN:
    """Entry point named by the model spec."""
    return SCNN(**options)  # type: ignore[arg-type]

"""MSST-ConvLSTM: two streams at two scales, a ConvLSTM over four frames.

Source: Tang et al., "Multi-Scale Spatiotemporal Conv-LSTM Network for Video
Saliency Detection", ICMR 2018, section 3.2: S = W^s * X^s + W^t * X^t + O^T
for the last frame of a window of T = 4, where O^T is the last output of a
ConvLSTM that reads the map stacks X of all of them.

Choices where the paper is silent: 16 hidden channels and a 3x3 kernel, then a
1x1 convolution to the logit O^T (a hidden state lies in -1..1 and cannot be a
logit itself). Choice of ours: the ConvLSTM runs at stride 8, which is 64 times
cheaper (``resolution``; the paper feeds it the up-sampled maps).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from torch import Tensor, nn

from vsod_models.intermediates import Intermediate, record, record_channels
from vsod_models.layers.convlstm import ConvLSTM
from vsod_models.layers.fcn import FC, Backbone
from vsod_models.layers.first_conv import FirstConv
from vsod_models.layers.two_stream import Resolution, TwoStream, sum_of_maps
from vsod_models.losses.published_fcn import msst_loss
from vsod_models.published_recipes import (
    DataVariant,
    Options,
    PublishedStage,
    PublishedTraining,
    ReleasedCode,
)
from vsod_models.recipes import FINE, Stage

Variant = Literal["os", "st", "full"]


class MSST(TwoStream):
    """Saliency of the last frame of a window from pictures and motion priors.

    Args:
        variant: ``full``, or the paper's ablations: ``st``, two streams without the ConvLSTM;
            ``os``, the spatial stream alone.
        backbone: ``vgg16`` (published) or ``mobilenet_v2`` (compact).
        width: Factor on the published channels of trunks and branches.
        fc_channels: Of fc6 and fc7; None = 1024 times width, or 192 in the compact form.
        branch_channels: None = 128 times width, or 64 in the compact form.
        hidden: Channels of the ConvLSTM.
        resolution: ``s8``, or ``full``: the maps are enlarged first, the paper to the letter.
        output_stride: 8, or 16: only the last pooling layer removed, the paper to the letter.
        first_conv: Start of the convolution that reads the prior, see
            :class:`~vsod_models.layers.two_stream.TwoStream`.
        fc: ``large`` or ``dcl``, see :class:`~vsod_models.layers.fcn.FCN`.

    Shapes: ``image`` (B, T, 3, H, W) RGB in 0..1, ``prior`` (B, T, 1, H, W) in 0..1, H and W multiples
    of 32, oldest frame first; result (B, 1, 1, H, W) logits of the last frame, in training mode with
    the logits O^T in a list (empty without the ConvLSTM).

    Raises:
        ValueError: An unknown option.
    """

    def __init__(
        self,
        *,
        variant: Variant = "full",
        backbone: Backbone = "vgg16",
        width: float = 1.0,
        fc_channels: int | None = None,
        branch_channels: int | None = None,
        hidden: int = 16,
        resolution: Resolution = "s8",
        output_stride: int = 8,
        first_conv: FirstConv | None = None,
        fc: FC = "large",
    ) -> None:
        if variant not in ("os", "st", "full"):
            raise ValueError(f"variant must be os, st or full, not {variant!r}")
        super().__init__(
            temporal=variant != "os",
            temporal_input="prior+rgb",
            backbone=backbone,
            width=width,
            fc_channels=fc_channels,
            branch_channels=branch_channels,
            output_stride=output_stride,
            pool4="max",
            pool5="identity",
            first_conv=first_conv,
            resolution=resolution,
            fc=fc,
        )
        self.fuse_spatial = sum_of_maps(2)
        self.fuse_temporal = None if variant == "os" else sum_of_maps(2)
        self.memory = ConvLSTM(4, hidden) if variant == "full" else None
        self.recall = nn.Conv2d(hidden, 1, 1) if variant == "full" else None

    def mix(self, window: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, T, features, h, w) -> S and, with the ConvLSTM, [O^T], each (B, 1, h, w) logits."""
        last = window[:, -1]
        record_channels(STREAM_MAPS, last)
        fused: Tensor = self.fuse_spatial(last[:, :2])
        if self.fuse_temporal is not None:
            fused = fused + self.fuse_temporal(last[:, 2:])
        if self.memory is None or self.recall is None:
            return fused, []
        remembered: Tensor = self.recall(self.memory(window)[:, -1])
        record(O_T=remembered)
        return fused + remembered, [remembered]


VARIANTS: dict[str, dict[str, object]] = {"OS": {"variant": "os"}, "ST": {"variant": "st"}}
"""The paper's ablation (Fig. 6) as arguments of :class:`MSST`."""

DATA_VARIANTS = {"no-coarse": DataVariant(labels=False)}
"""Fig. 8: without coarse labels."""

STREAM_MAPS = ("X_s1", "X_s2", "X_t1", "X_t2")
INTERMEDIATES = {
    "O_T": Intermediate("logits", "map of the ConvLSTM", "3.2, eq. 4"),
    "X_s1": Intermediate("features", "map of the spatial stream's first branch", "3.2, eq. 3"),
    "X_s2": Intermediate("features", "map of the spatial stream's second branch", "3.2, eq. 3"),
    "X_t1": Intermediate("features", "map of the temporal stream's first branch", "3.2, eq. 3"),
    "X_t2": Intermediate("features", "map of the temporal stream's second branch", "3.2, eq. 3"),
}
"""What can be looked at, see :mod:`vsod_models.intermediates`; of variants, what they have."""

STREAMS = Stage(
    "streams",
    8_000,
    ("image", "prior"),
    options={"variant": "st"},
    frozen_parts=("spatial.trunk",),
    **FINE,
)
WINDOWS = Stage("windows", 24_000, ("image", "prior"), windows=True, frozen_parts=("spatial", "temporal"))
STAGES = (STREAMS, replace(WINDOWS, side_weight=0.1))


def stages_of_streams(
    variant: str, options: Mapping[str, object], stages: tuple[Stage, ...]
) -> tuple[Stage, ...]:
    """The stages of a variant of MSST or STAN: ``os`` and ``st`` have nothing that windows could teach.

    ``os`` is trained "only with video frames": its one stream is the spatial one, and it learns. What the streams
    read of motion holds in their own stage, too.
    """
    streams, *rest = stages
    kept = {name: options[name] for name in ("temporal_input",) if name in options}
    if variant == "os":
        return (replace(streams, options={**streams.options, **kept, "variant": "os"}, frozen_parts=()),)
    streams = replace(streams, options={**streams.options, **kept})
    return (streams,) if variant == "st" else (streams, *rest)


def stages_for(options: Mapping[str, object]) -> tuple[Stage, ...]:
    """The stages of a variant, see :func:`stages_of_streams`."""
    return stages_of_streams(str(options.get("variant", "full")), options, STAGES)


_PUBLISHED = PublishedStage(
    "all",
    "3.1 and 4.1: the entire network, its two losses together",
    ("DAVIS-2016:train", "FBMS-59:train", "SegTrackV2"),
    ("spatial", "temporal", "fuse_spatial", "fuse_temporal", "memory", "recall"),
    msst_loss,
    1e-3,
    reads=("image", "prior"),
    frames=4,
    sizes=(321, 512),
    optimiser="adam",
    labels=True,
    on_start=lambda net: net.start_temporal(),
)


def published_two_stream(stage: PublishedStage, options: Options) -> tuple[PublishedStage, ...]:
    """The stages of a variant of MSST or STAN: without layers over time a sample is one frame."""
    return (replace(stage, frames=1) if options.get("variant") in ("os", "st") else stage,)


PUBLISHED = PublishedTraining(
    options={"backbone": "vgg16", "resolution": "full"},
    stages=lambda options: published_two_stream(_PUBLISHED, options),
    start="both streams from one VGG-based FCN of ImageNet, the convolution that reads the prior drawn anew",
    differs=(
        "4.1 gives no batch, schedule or number of passes: one window, constant rate, 20 passes",
        "which half of DAVIS is learned from is not named: the train split of 2016",
        "no decay of the weights is stated: none",
        "flow by DIS in place of the paper's; the motion prior's features are of MobileNetV2, not AlexNet",
        "coarse labels come from `labels coarse`; without --labels there are none",
    ),
    code=ReleasedCode(
        "piggy2008/tf_saliency_attention (2018)",
        options={"fc": "dcl", "hidden": 1},
        changes={"all": {"lr": 1e-4, "sizes": (512,)}},
        differs=(
            "its loss is plain cross entropy of all four frames",
            "the ConvLSTM has peepholes and layer normalisation",
            "pool5 is a 3x3 maximum",
            "pictures are warped to 530x530 and each frame cropped to 512x512 for itself",
        ),
    ),
)


def build(**options: object) -> MSST:
    """Entry point named by the model spec."""
    return MSST(**options)  # type: ignore[arg-type]

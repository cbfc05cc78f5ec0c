"""STAN: three readings of four frames, weighed per pixel by attention.

Source: Tang et al., "Video salient object detection via spatiotemporal
attention neural networks", Neurocomputing 2019, section 3. The streams and
branches are those of MSST-ConvLSTM. O_st is the weighted sum of the last
frame's maps per scale, O_m the last output of a ConvLSTM and O_c a 3D
convolution over the window; S = sum over a of A_a O_a, with A a softmax over
the three.

Choices where the paper is silent: ConvLSTM with 16 hidden channels, then 1x1
to one; 3D convolution 4 -> 1 over (4, 3, 3), no padding in time; a ReLU
between the two convolutions of the attention. Choice of ours: all that at
stride 8 (``resolution``; the paper runs it at the picture's size).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from vsod_models.intermediates import Intermediate, record_channels
from vsod_models.layers.blocks import kaiming
from vsod_models.layers.convlstm import ConvLSTM
from vsod_models.layers.fcn import FC, Backbone
from vsod_models.layers.first_conv import FirstConv
from vsod_models.layers.two_stream import Resolution, TemporalInput, TwoStream, sum_of_maps
from vsod_models.layers.vgg import scaled
from vsod_models.losses.published_fcn import stan_loss
from vsod_models.networks.msst import (
    INTERMEDIATES as STREAM_INTERMEDIATES,
)
from vsod_models.networks.msst import (
    STREAM_MAPS,
    STREAMS,
    WINDOWS,
    published_two_stream,
    stages_of_streams,
)
from vsod_models.published_recipes import DataVariant, PublishedStage, PublishedTraining, ReleasedCode
from vsod_models.recipes import Stage

Variant = Literal["os", "st", "stc", "stl", "stlc", "stan"]


class STAN(TwoStream):
    """Saliency of the last frame of a window from pictures and motion priors.

    Args:
        variant: ``stan``, or the paper's ablations, which sum instead of weighing: ``stlc`` O_st,
            O_m and O_c; ``stl`` O_st and O_m; ``stc`` O_st and O_c; ``st`` O_st alone; ``os`` the
            same of the spatial stream only.
        temporal_input: ``prior+rgb``, or ``flow``: the temporal stream reads the colour-coded flow, passed
            in place of the prior with three channels ("the original optical flow map", section 4.4).
        frames: Length of the window; the 3D convolution spans it.
        backbone: ``vgg16`` (published) or ``mobilenet_v2`` (compact).
        width: Factor on the published channels of trunks, branches and attention.
        fc_channels: Of fc6 and fc7; None = 1024 times width, or 192 in the compact form.
        branch_channels: None = 128 times width, or 64 in the compact form.
        hidden: Channels of the ConvLSTM.
        volume_channels: 0 = one 3D convolution 4 -> 1; more = 4 -> that many, ReLU, -> 1.
        attention_channels: None = 256 times width, or 64 in the compact form.
        output_stride: 8, or 16; the maps are brought to stride 8 in any case.
        first_conv: Start of the convolution that reads the prior, see
            :class:`~vsod_models.layers.two_stream.TwoStream`.
        resolution: See there.
        fc: ``large`` or ``dcl``, see :class:`~vsod_models.layers.fcn.FCN`.

    Shapes: ``image`` (B, T, 3, H, W) RGB in 0..1, ``prior`` (B, T, 1, H, W) in 0..1, H and W multiples
    of 32, oldest frame first; result (B, 1, 1, H, W) logits of the last frame, in training mode with
    an empty list (the paper has no auxiliary loss).

    Raises:
        ValueError: An unknown option.
    """

    def __init__(
        self,
        *,
        variant: Variant = "stan",
        temporal_input: TemporalInput = "prior+rgb",
        frames: int = 4,
        backbone: Backbone = "vgg16",
        width: float = 1.0,
        fc_channels: int | None = None,
        branch_channels: int | None = None,
        hidden: int = 16,
        volume_channels: int = 0,
        attention_channels: int | None = None,
        output_stride: int = 8,
        first_conv: FirstConv | None = None,
        resolution: Resolution = "s8",
        fc: FC = "large",
    ) -> None:
        if variant not in ("os", "st", "stc", "stl", "stlc", "stan"):
            raise ValueError(f"variant must be os, st, stc, stl, stlc or stan, not {variant!r}")
        super().__init__(
            temporal=variant != "os",
            temporal_input=temporal_input,
            backbone=backbone,
            width=width,
            fc_channels=fc_channels,
            branch_channels=branch_channels,
            output_stride=output_stride,
            pool4="max",
            pool5="max",
            first_conv=first_conv,
            resolution=resolution,
            fc=fc,
        )
        self.frames = frames
        self.scales = nn.ModuleList(sum_of_maps(self.features // 2) for _ in range(2))
        remembers, convolves = variant in ("stl", "stlc", "stan"), variant in ("stc", "stlc", "stan")
        self.memory = ConvLSTM(4, hidden) if remembers else None
        self.recall = nn.Conv2d(hidden, 1, 1) if remembers else None
        self.volume = _volume(frames, volume_channels) if convolves else None
        width_of_attention = attention_channels or (scaled(256, width) if backbone == "vgg16" else 64)
        self.attention = _attention(width_of_attention) if variant == "stan" else None

    def readings(self, window: Tensor) -> Tensor:
        """(B, T, features, h, w) -> (B, n, h, w): O_st, then O_m and O_c where the variant has them."""
        last = window[:, -1]
        # maps of one scale: X^s_ri and X^t_ri lie two channels apart
        readings = [self.scales[0](last[:, 0::2]) + self.scales[1](last[:, 1::2])]
        if self.memory is not None and self.recall is not None:
            readings.append(self.recall(self.memory(window)[:, -1]))
        if self.volume is not None:
            readings.append(self.volume(window[:, -self.frames :].transpose(1, 2))[:, :, 0])
        joined = torch.cat(readings, 1)
        outputs = ["O_st"] + ["O_m"] * (self.memory is not None) + ["O_c"] * (self.volume is not None)
        record_channels(outputs, joined)
        record_channels(STREAM_MAPS, last)
        return joined

    def mix(self, window: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, T, features, h, w) -> S, (B, 1, h, w) logits, and no auxiliary ones."""
        readings = self.readings(window)
        if self.attention is not None:
            weights = torch.softmax(self.attention(readings), 1)
            record_channels(("A_st", "A_m", "A_c"), weights)
            readings = weights * readings
        return readings.sum(1, keepdim=True), []


def _volume(frames: int, channels: int) -> nn.Sequential:
    span, pad = (frames, 3, 3), (0, 1, 1)
    if channels == 0:
        return nn.Sequential(nn.Conv3d(4, 1, span, padding=pad))
    return nn.Sequential(
        nn.Conv3d(4, channels, span, padding=pad), nn.ReLU(inplace=True), nn.Conv3d(channels, 1, 1)
    )


def _attention(channels: int) -> nn.Sequential:
    first = nn.Conv2d(3, channels, 3, padding=1)
    kaiming(first)
    return nn.Sequential(first, nn.ReLU(inplace=True), nn.Conv2d(channels, 3, 1))


VARIANTS: dict[str, dict[str, object]] = {
    "OS": {"variant": "os"},
    "ST": {"variant": "st"},
    "STC": {"variant": "stc"},
    "STL": {"variant": "stl"},
    "STLC": {"variant": "stlc"},
    "flow": {"temporal_input": "flow"},
}
"""The paper's ablations (Fig. 6a and 6c) as arguments of :class:`STAN`."""

DATA_VARIANTS = {"no-coarse": DataVariant(labels=False)}
"""Fig. 6b: without coarse labels."""

INTERMEDIATES = {
    "A_st": Intermediate("probability", "attention to O_st", "3.2, eq. 7, w_a there"),
    "A_m": Intermediate(
        "probability", "attention to O_m, what the ConvLSTM remembers", "3.2, eq. 7, w_a there"
    ),
    "A_c": Intermediate("probability", "attention to O_c, the 3D convolution", "3.2, eq. 7, w_a there"),
    "O_st": Intermediate("logits", "map of the two streams", "3.1, eq. 5"),
    "O_m": Intermediate("logits", "map of the ConvLSTM", "3.1, eq. 3"),
    "O_c": Intermediate("logits", "map of the 3D convolution", "3.1, eq. 3"),
    **{name: STREAM_INTERMEDIATES[name] for name in STREAM_MAPS},
}
"""What can be looked at, see :mod:`vsod_models.intermediates`; of variants, what they have."""

STAGES = (STREAMS, WINDOWS)


def stages_for(options: Mapping[str, object]) -> tuple[Stage, ...]:
    """The stages of a variant; see :func:`vsod_models.networks.msst.stages_of_streams`."""
    return stages_of_streams(str(options.get("variant", "stan")), options, STAGES)


_PUBLISHED = PublishedStage(
    "all",
    "4.1 and 4.2: the whole network, equation 6",
    ("DAVIS-2016:train", "FBMS-59:train", "SegTrackV2"),
    ("spatial", "temporal", "scales", "memory", "recall", "volume", "attention"),
    stan_loss,
    1e-3,
    reads=("image", "prior"),
    frames=4,
    optimiser="adam",
    labels=True,
    on_start=lambda net: net.start_temporal(),
)
PUBLISHED = PublishedTraining(
    options={"backbone": "vgg16", "resolution": "full"},
    stages=lambda options: published_two_stream(_PUBLISHED, options),
    start="a VGG-based FCN trained for saliency (DCL); the nearest that is to be had is SCNN's stage `spatial`: --init",
    differs=(
        "4.2 gives no batch, schedule or number of passes: one window, constant rate, 20 passes",
        "no decay of the weights is stated: none",
        "flow by DIS in place of FlowNet2; the motion prior's features are of MobileNetV2, not AlexNet",
        "coarse labels come from `labels coarse`; without --labels there are none",
    ),
    code=ReleasedCode(
        "piggy2008/tf_saliency_attention (2019)",
        options={"fc": "dcl", "hidden": 1},
        changes={"all": {"lr": 1e-4}},
        differs=(
            "the attention's weighted sum is divided by 3 (Fig. 2; equation 7 is a sum)",
            "the 3D convolution is 3x3x3, padded in time, and its last slice is used",
            "what follows the streams runs at 128x128",
            "pictures are warped to 530x530 and each frame cropped to 512x512 for itself",
        ),
    ),
)


def build(**options: object) -> STAN:
    """Entry point named by the model spec."""
    return STAN(**options)  # type: ignore[arg-type]

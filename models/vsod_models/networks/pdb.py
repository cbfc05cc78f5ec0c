"""PDB-ConvLSTM: pyramid dilated deeper bidirectional ConvLSTM.

Source: Song, Wang, Zhao, Shen, Lam, "Pyramid Dilated Deeper ConvLSTM for Video Salient
Object Detection", ECCV 2018. A spatial part (dilated ResNet-50 and a pyramid
of dilated convolutions) turns each frame into 32 maps at stride 8; two
recurrent branches of dilation 1 and 2 read five frames forward and then
backward and give five saliency maps.

Where paper and release differ we follow the release: forward and backward
states are summed (eq. 5 convolves and squashes them: ``combine="tanh_conv"``),
and the head has one logit (the release upsamples two and uses a sigmoid of the
second). We leave the release's peepholes out, as the paper's eq. 4 does,
because they bind the net to one picture size; ``peephole="hw"`` has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsod_models.layers.blocks import ConvBN, kaiming
from vsod_models.layers.convlstm import FCLSTM, ConvLSTM
from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.layers.pdc import PyramidDilated, SummedPyramid
from vsod_models.layers.resnet import ResNet, Stem
from vsod_models.layers.vgg import scaled
from vsod_models.losses.published_resnet import pdb_loss
from vsod_models.published_recipes import (
    DataVariant,
    Options,
    PublishedStage,
    PublishedTraining,
    ReleasedCode,
)
from vsod_models.recipes import FINE, Stage

Context = Literal["pdc", "aspp", "r2", "r4", "r8", "r16"]
Recurrent = Literal["none", "fc-lstm", "conv", "b-conv", "db-conv", "pdb"]
Combine = Literal["sum", "tanh_conv"]

_HIDDEN = 32
_RATES: dict[str, tuple[int, ...]] = {"pdc": (2, 4, 8, 16), "r2": (2,), "r4": (4,), "r8": (8,), "r16": (16,)}

VARIANTS: dict[str, dict[str, str]] = {
    "r2": {"context": "r2", "recurrent": "none"},
    "r4": {"context": "r4", "recurrent": "none"},
    "r8": {"context": "r8", "recurrent": "none"},
    "r16": {"context": "r16", "recurrent": "none"},
    "r2-4-8-16": {"recurrent": "none"},
    "ASPP": {"context": "aspp", "recurrent": "none"},
    "FC-LSTM": {"recurrent": "fc-lstm"},
    "ConvLSTM": {"recurrent": "conv"},
    "B-ConvLSTM": {"recurrent": "b-conv"},
    "DB-ConvLSTM": {"recurrent": "db-conv"},
    "PDB-ConvLSTM": {},
}
"""The rows of the paper's tables 4 and 5 as arguments of :class:`PDB`."""

DATA_VARIANTS = {"no-static": DataVariant({"spatial": ("DAVIS-2016:train",)})}
"""Section 4.4: the spatial part learns from videos alone."""


class Bidirectional(nn.Module):
    """A forward and a backward ConvLSTM over one clip and their combination.

    ``deeper``: the backward one reads the forward one's hidden states, last frame first (DB-ConvLSTM);
    else both read the input (B-ConvLSTM).
    """

    def __init__(
        self,
        width: int,
        *,
        dilation: int = 1,
        deeper: bool = True,
        combine: Combine = "sum",
        peephole: Literal["none", "hw"] = "none",
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.deeper = deeper
        self.ahead = ConvLSTM(width, width, dilation=dilation, peephole=peephole, size=size)
        self.back = ConvLSTM(width, width, dilation=dilation, peephole=peephole, size=size)
        self.mix = nn.Conv2d(2 * width, width, 3, padding=1) if combine == "tanh_conv" else None

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C, h, w) -> Y, the same shape."""
        ahead = self.ahead(x)
        back = self.back(ahead if self.deeper else x, reverse=True)
        if self.mix is None:
            total: Tensor = ahead + back
            return total
        # one convolution over both = W_f * H^f + W_b * H^b
        both = torch.cat((ahead, back), 2)
        return torch.tanh(self.mix(both.flatten(0, 1))).reshape(x.shape)


class PDB(nn.Module):
    """Saliency of all frames of a clip.

    Args:
        backbone: ``resnet50`` as published, or ``mobilenet_v2``, the compact form that we train and ship.
        width: Factor on the channels of ResNet-50 and the pyramid; not on MobileNetV2.
        stem: Of ResNet-50: ``pspnet`` as published, or ``torchvision``, which takes ImageNet files whole.
        context: What follows the backbone: the pyramid, its sum ("ASPP"), or one rate alone. The paper does not
            give the width of a lone rate; it is one branch here, with F kept.
        context_width: Channels of each branch; None = 512 times width for ResNet-50, 64 for MobileNetV2.
        recurrent: ``pdb``; or table 5's ``db-conv`` (one branch, dilation 1), ``b-conv`` (both
            directions read the input), ``conv`` (forward only), ``fc-lstm`` (see
            :class:`~vsod_models.layers.convlstm.FCLSTM`; its vector is added to the frame's maps,
            which alone know where things are); or ``none``: frame by frame, the spatial part of stage 1.
        combine: ``sum`` (release) or ``tanh_conv`` (eq. 5 with 3x3 kernels, its index t-1 read as t).
        peephole: ``hw`` = the release's peepholes, for maps of exactly ``size``.
        size: (h, w) of the maps at stride 8, for peepholes; 473 x 473 gives (60, 60).
        length: Frames per clip that the net is meant for, 5. Any length runs.
        spatial_head: Have the temporary 1x1 head that stage 1 trains the spatial part with.

    Shapes: see the methods. ``features`` = channels between :meth:`encode` and :meth:`decode`.

    Raises:
        ValueError: An option that does not exist.
    """

    features = _HIDDEN

    def __init__(
        self,
        *,
        backbone: Literal["resnet50", "mobilenet_v2"] = "resnet50",
        width: float = 1.0,
        stem: Stem = "pspnet",
        context: Context = "pdc",
        context_width: int | None = None,
        recurrent: Recurrent = "pdb",
        combine: Combine = "sum",
        peephole: Literal["none", "hw"] = "none",
        size: tuple[int, int] = (60, 60),
        length: int = 5,
        spatial_head: bool = True,
    ) -> None:
        super().__init__()
        if backbone not in ("resnet50", "mobilenet_v2"):
            raise ValueError(f"backbone must be resnet50 or mobilenet_v2, not {backbone!r}")
        if context != "aspp" and context not in _RATES:
            raise ValueError(f"context must be aspp or one of {', '.join(_RATES)}, not {context!r}")
        if combine not in ("sum", "tanh_conv"):
            raise ValueError(f"combine must be sum or tanh_conv, not {combine!r}")
        self.length, self.recurrent = length, recurrent
        self.spatial_frozen = False
        self.encoder: ResNet | MobileNetV2
        if backbone == "resnet50":
            self.encoder = ResNet(depth=50, stem=stem, width=width)
            branch = context_width or scaled(512, width)
        else:
            self.encoder = MobileNetV2(output_stride=8)
            branch = context_width or 64
        cin = self.encoder.channels[-1]
        self.context = (
            SummedPyramid(cin, branch)
            if context == "aspp"
            else PyramidDilated(cin, branch, rates=_RATES[context])
        )
        self.reduce = ConvBN(self.context.channels, _HIDDEN, kernel=1)
        kaiming(self.context)
        kaiming(self.reduce)
        self.spatial_head = nn.Conv2d(_HIDDEN, 1, 1) if spatial_head or recurrent == "none" else None
        maps = (size[0], size[1]) if peephole == "hw" else None
        self.memory = _memories(recurrent, combine, peephole, maps)
        self.head = nn.Conv2d(_HIDDEN * len(self.memory), 1, 1) if len(self.memory) else None

    def encode(self, image: Tensor) -> Tensor:
        """One frame each: (B, 3, H, W) RGB in 0..1 -> (B, 32, H/8, W/8)."""
        taps = self.encoder(image if isinstance(self.encoder, ResNet) else image * 2 - 1)
        maps: Tensor = self.reduce(self.context(taps[-1]))
        return maps

    def decode(self, window: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """A clip: (B, T, 32, h, w) -> logits of every frame (B, T, 1, H, W), ``size`` or 8h and 8w."""
        return _resize(self._score(window), *(size or (window.shape[-2] * 8, window.shape[-1] * 8)))

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:
        """(B, T, 3, H, W) RGB in 0..1 -> logits (B, T, 1, H, W); with an empty list in training mode.

        H and W may be anything (the paper's 473 gives maps of 60); multiples of 32 give what
        :meth:`encode` and :meth:`decode` give.
        """
        maps = self.encode(image.flatten(0, 1))
        window = maps.reshape(image.shape[0], image.shape[1], *maps.shape[1:])
        logits = _resize(self._score(window), image.shape[-2], image.shape[-1])
        return (logits, []) if self.training else logits

    def spatial(self, image: Tensor) -> Tensor:
        """What stage 1 trains: (B, 3, H, W) -> logits of the spatial part alone (B, 1, H, W).

        Raises:
            ValueError: The net was built without its temporary head.
        """
        if self.spatial_head is None:
            raise ValueError("this net has no temporary head: build it with spatial_head=True")
        logits: Tensor = self.spatial_head(self.encode(image))
        return F.interpolate(logits, size=image.shape[-2:], mode="bilinear", align_corners=False)

    def drop_spatial_head(self) -> None:
        """Remove the temporary head; what is saved from now on fits ``spatial_head=False``.

        Raises:
            ValueError: The head is all there is (``recurrent="none"``).
        """
        if self.head is None:
            raise ValueError('with recurrent="none" the temporary head is the only one')
        self.spatial_head = None

    def freeze_spatial(self) -> None:
        """Stage 2: backbone, pyramid and reduction learn no more and stay in eval mode."""
        self.spatial_frozen = True
        for part in self._spatial_part():
            part.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> PDB:
        """As for every module, but a frozen spatial part stays in eval mode."""
        super().train(mode)
        if self.spatial_frozen:
            for part in self._spatial_part():
                part.eval()
        return self

    def backbone_parameters(self) -> list[nn.Parameter]:
        """Weights that start from ImageNet."""
        return list(self.encoder.parameters())

    def load_imagenet(self, state: Mapping[str, Tensor]) -> None:
        """Load a torchvision ``resnet50`` or ``mobilenet_v2`` state dict into the backbone.

        Raises:
            KeyError: A tensor is missing.
        """
        self.encoder.load_torchvision(state)

    def _spatial_part(self) -> list[nn.Module]:
        parts: list[nn.Module] = [self.encoder, self.context, self.reduce]
        return parts if self.spatial_head is None else [*parts, self.spatial_head]

    def _score(self, window: Tensor) -> Tensor:
        """(B, T, 32, h, w) -> logits (B, T, 1, h, w)."""
        if self.head is None:
            assert self.spatial_head is not None
            flat = self.spatial_head(window.flatten(0, 1))
        else:
            states = torch.cat([memory(window) for memory in self.memory], 2)
            if self.recurrent == "fc-lstm":
                states = states + window
            flat = self.head(states.flatten(0, 1))
        scored: Tensor = flat.reshape(window.shape[0], window.shape[1], *flat.shape[1:])
        return scored


def _memories(
    recurrent: Recurrent, combine: Combine, peephole: Literal["none", "hw"], size: tuple[int, int] | None
) -> nn.ModuleList:
    """The recurrent branches; their outputs are stacked."""
    if recurrent == "none":
        return nn.ModuleList()
    if recurrent == "fc-lstm":
        return nn.ModuleList([FCLSTM(_HIDDEN, _HIDDEN)])
    if recurrent == "conv":
        return nn.ModuleList([ConvLSTM(_HIDDEN, _HIDDEN, peephole=peephole, size=size)])
    if recurrent not in ("b-conv", "db-conv", "pdb"):
        raise ValueError(f"recurrent cannot be {recurrent!r}")
    return nn.ModuleList(
        Bidirectional(
            _HIDDEN,
            dilation=dilation,
            deeper=recurrent != "b-conv",
            combine=combine,
            peephole=peephole,
            size=size,
        )
        for dilation in ((1, 2) if recurrent == "pdb" else (1,))
    )


def _resize(logits: Tensor, height: int, width: int) -> Tensor:
    """(B, T, 1, h, w) -> (B, T, 1, height, width), bilinear."""
    flat = F.interpolate(logits.flatten(0, 1), size=(height, width), mode="bilinear", align_corners=False)
    return flat.reshape(logits.shape[0], logits.shape[1], *flat.shape[1:])


STAGES = (
    Stage("spatial", 12_000, method="spatial", options={"spatial_head": True, "recurrent": "none"}, **FINE),
    Stage("windows", 24_000, windows=True, frozen_parts=("encoder", "context", "reduce")),
)


def stages_for(options: Mapping[str, object]) -> tuple[Stage, ...]:
    """The stages of a variant: rows without a memory (table 4) end with the spatial part."""
    return STAGES[:1] if options.get("recurrent") == "none" else STAGES


def _final_map(logits: Tensor, sides: Sequence[Tensor], target: Tensor) -> Tensor:
    return pdb_loss(logits, target)


_SPATIAL = PublishedStage(
    "spatial",
    "3.3: pre-train the spatial-learning part, PDC module and base network",
    ("MSRA10K", "DUT-OMRON", "DAVIS-2016:train"),
    ("encoder", "context", "reduce", "spatial_head"),
    _final_map,
    1e-6,
    method="spatial",
    options={"spatial_head": True, "recurrent": "none"},
    sizes=(473,),
    batch=5,
    weight_decay=0.0005,
    summed=True,
    augment=("mirror", "quarter_turns", "border_crops"),
)
_RECURRENT = replace(
    _SPATIAL,
    name="windows",
    source="3.3: fix the weights of the spatial-learning part, train PDB-ConvLSTM with DAVIS train only",
    data=("DAVIS-2016:train",),
    learns=("memory", "head"),
    method="",
    options={},
    batch=1,
    frames=5,
    every_frame=True,
    time_steps=(1, 2, 3, 4, 5, 6),
)


def _published(options: Options) -> tuple[PublishedStage, ...]:
    return (_SPATIAL,) if options.get("recurrent") == "none" else (_SPATIAL, _RECURRENT)


PUBLISHED = PublishedTraining(
    options={"backbone": "resnet50", "stem": "pspnet", "spatial_head": False},
    stages=_published,
    start="a ResNet-50-like network (PSPNet's), pre-trained",
    differs=(
        "the rate 1e-6 is taken on a loss summed over the pixels, as Caffe's are; equations 8 and 9 are means",
        "3.3 gives no schedule or number of passes (about 40 hours on a GTX 1080 Ti): constant rate, 20 passes",
        "the batch of the first stage is not given: 5 pictures; how wide a slice is cut off neither: a tenth",
        "of torchvision's ResNet-50 (--init) what fits is taken: PSPNet's stem and two 1x1 convolutions stay random",
    ),
    code=ReleasedCode(
        "shenjianbing/PDB-ConvLSTM",
        options={"peephole": "hw", "size": (60, 60)},
        differs=("it is a test network and a CRF script; there is no training code",),
    ),
)


def build(**options: object) -> PDB:
    """Entry point named by the model spec."""
    return PDB(**options)  # type: ignore[arg-type]

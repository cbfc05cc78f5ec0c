"""Where a net starts: ImageNet files, earlier stages, encoders of other nets of ours."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from vsod_models.layers.first_conv import widen_first_conv

_FIRST = ("features.0.0.weight", "encoder.features.0.weight")
"""First convolutions of MobileNetV2 and EfficientNet-Lite, and of VGG16 in a trunk."""


def is_imagenet(state: Mapping[str, Tensor]) -> bool:
    """True for a file of a pretrained classifier: under torchvision's names, or EfficientNet-Lite's."""
    firsts = ("features.0.weight", _FIRST[0], "conv1.weight", "layer1.0.conv1.weight", "_conv_stem.weight")
    return any(key in state for key in firsts)


def load_matching(net: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """Take what fits from the weights of another net of ours.

    Values of the same name and shape are taken as they are. An encoder that finds none of its
    name takes the first one in ``state``: the temporal trunk of a two-stream net starts as the
    spatial one, every trunk may start from `swift`'s. A first convolution that reads more than
    RGB keeps the RGB weights and draws the rest.

    Returns:
        Names that were set.

    Raises:
        ValueError: Nothing fits.
    """
    own = net.state_dict()
    new = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    for first in _FIRST:
        sources = [k.removesuffix(first) for k in state if k.endswith(first)]
        for target in [k.removesuffix(first) for k in own if k.endswith(first)]:
            if sources and target + first not in new:
                new |= _trunk(own, state, sources[0], target, first)
    if not new:
        raise ValueError("nothing in this file fits the net")
    net.load_state_dict(new, strict=False)
    return sorted(new)


def _trunk(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], source: str, target: str, name_of_first: str
) -> dict[str, Tensor]:
    """The encoder at prefix ``target`` and what stands beside it, from ``source``."""
    found: dict[str, Tensor] = {}
    weight_name, bias_name = name_of_first, name_of_first.replace("weight", "bias")
    first, wide = state[source + weight_name], own[target + weight_name].shape[1]
    if first.shape[0] != own[target + weight_name].shape[0]:
        return found  # of another width
    weight, bias = widen_first_conv(first[:, :3], state[source + bias_name], wide, "keep_rgb")
    found[target + weight_name], found[target + bias_name] = weight, bias
    # "…trunk.encoder." -> "…trunk.": layers right behind the encoder, where they are alike
    source_home, target_home = (prefix.removesuffix("encoder.") for prefix in (source, target))
    for key, value in state.items():
        for a, b in ((source, target), (source_home, target_home)):
            name = b + key.removeprefix(a)
            if key.startswith(a) and name not in found and name in own and own[name].shape == value.shape:
                found[name] = value
    return found

"""The layers of an OpenEXR image: which there are, and which one is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vsod.errors import UnreadableMedia, UsageError

_MOST_PARTS = 256
_UNNAMED = ("", "rgba", "rgb")  # parts of these names hold the picture itself, by Nuke's and others' custom
_COMPONENTS = {"r": "R", "red": "R", "g": "G", "green": "G", "b": "B", "blue": "B"}
_COMPONENTS |= {"a": "A", "alpha": "A", "y": "Y"}


@dataclass(frozen=True, slots=True)
class ExrLayer:
    """A layer that is a picture.

    Attributes:
        name: What it is called; empty for the picture itself.
        part: Number of the part of the file it lies in.
        channels: Its components ``R G B``, or ``Y``, and ``A`` -> number of the channel in the part.
    """

    name: str
    part: int
    channels: dict[str, int]


def exr_layers(image: Any) -> list[ExrLayer]:
    """The layers of an opened image that can be shown, in the file's order.

    Args:
        image: The ``OpenImageIO.ImageInput``.
    """
    found: list[tuple[str, ExrLayer]] = []
    several = image.spec(0, 0).get_int_attribute("oiio:subimages", 1) > 1
    for part in range(_MOST_PARTS):
        if part and not image.seek_subimage(part, 0):
            break
        spec = image.spec(part, 0)
        title = spec.get_string_attribute("oiio:subimagename") or spec.get_string_attribute("name")
        for prefix, channels in _by_prefix(spec.channelnames).items():
            if spec.deep or not ("Y" in channels or "A" in channels or {"R", "G", "B"} <= channels.keys()):
                continue
            plain = title if several and title.casefold() not in _UNNAMED else ""
            found.append((title, ExrLayer(prefix or plain, part, channels)))
    image.geterror()
    names = [layer.name for _, layer in found]
    # the same layer in several parts, such as the eyes of a stereoscopic image, has the part's name before its own
    return [
        layer if names.count(layer.name) == 1 else replace(layer, name=f"{title}.{layer.name}".strip("."))
        for title, layer in found
    ]


def _by_prefix(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Text before the last dot of a channel's name -> its components."""
    layers: dict[str, dict[str, int]] = {}
    for number, name in enumerate(names):
        prefix, _, last = name.rpartition(".")
        component = _COMPONENTS.get(last.casefold())
        if component is not None:
            layers.setdefault(prefix, {})[component] = number
    return layers


def choose_layer(layers: Sequence[ExrLayer], wanted: str | None, file: Path) -> ExrLayer:
    """The layer to read: the one that was asked for, else the one without a name, else the only one.

    Args:
        layers: Those of the image.
        wanted: Name of a layer; None = not asked for.
        file: The image; names the error.

    Raises:
        UsageError: There is no such layer, or several and none was asked for; lists them.
        UnreadableMedia: None of its channels is a picture.
    """
    colour = [layer for layer in layers if "R" in layer.channels] or list(layers)
    listed = ", ".join(layer.name or "(the one without a name)" for layer in layers)
    if wanted is not None:
        for layer in layers:
            if layer.name == wanted:
                return layer
        for layer in layers:
            if layer.name.casefold() == wanted.casefold():
                return layer
        if layers:
            raise UsageError(
                f"there is no layer '{wanted[:80]}' in it", where=file, fix=f"Its layers: {listed}."
            )
    if not layers:
        raise UnreadableMedia(
            "none of its channels is a picture: it holds depth, vectors, deep data or the like",
            where=file,
            fix="Render it with colour.",
        )
    for layer in colour:
        if not layer.name:
            return layer
    if len(colour) > 1:
        raise UsageError(
            f"it holds {len(colour)} layers and none without a name: {listed}",
            where=file,
            fix=f"Choose one: --layer {colour[0].name}.",
        )
    return colour[0]

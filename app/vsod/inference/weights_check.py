"""Check a weights file before it is loaded: a damaged or foreign one is refused."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

from vsod.core.data_parsing import Unreadable, parse_json, refusing
from vsod.errors import DataError, ModelError
from vsod.storage import envelope

_HEADER = 8 << 20  # bytes: our largest has 100 thousand
_BITS = {"F64": 64, "I64": 64, "U64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16, "BF16": 16, "I16": 16}
_BITS |= {"U16": 16, "I8": 8, "U8": 8, "BOOL": 8, "F8_E4M3": 8, "F8_E5M2": 8}


def check_weights(file: Path) -> None:
    """Read the header of a safetensors file and see that the file holds what it says, all of it.

    Weights fitted to a clip are kept otherwise, and proven when they are read.

    Raises:
        ModelError: It does not, or is no such file: a pickle, say, or a download that was cut off.
    """
    try:
        with refusing("these weights cannot be read"):
            if not envelope.is_one(file):
                _check(file)
    except (DataError, FileNotFoundError) as error:
        what = error.what if isinstance(error, DataError) else "no such weights file"
        raise ModelError(
            what, where=file, fix="Copy the file again from its origin; it must be a whole .safetensors file."
        ) from error


def _check(file: Path) -> None:
    size = file.stat().st_size
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or not 2 <= length <= size - 8:
            raise Unreadable("it is no .safetensors file, or is cut off")
        if length > _HEADER:
            raise Unreadable("its header is too large")
        header = parse_json(stream.read(length).decode("utf-8"))
    if not isinstance(header, dict):
        raise Unreadable("its header is no list of tensors")
    header.pop("__metadata__", None)
    end = 0
    for name, tensor in sorted(header.items(), key=lambda item: list(item[1]["data_offsets"])):
        end = _check_tensor(name, tensor, end)
    if end != size - 8 - length:
        raise Unreadable(f"it has {size - 8 - length} bytes of values where its header says {end}")


def _check_tensor(name: str, tensor: dict[str, Any], begin: int) -> int:
    """The end of a tensor that begins where the last one ended."""
    first, last = tensor["data_offsets"]
    shape, bits = tensor["shape"], _BITS.get(tensor["dtype"])
    whole = all(isinstance(number, int) and number >= 0 for number in (first, last, *shape))
    # a kind of number that is not known here is the library's to refuse
    fits = bits is None or (last - first) * 8 == prod(shape) * bits
    if not whole or first != begin or last < first or not fits:
        raise Unreadable(f"its header is damaged at '{name[:80]}'")
    return int(last)

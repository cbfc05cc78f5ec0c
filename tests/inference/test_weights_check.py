"""Weights of anyone's: what is no weights file is refused at once, in our words, and nothing of it runs."""

import contextlib
import json
import pickle
import time

import pytest
import torch

from vsod.errors import ModelError
from vsod.inference.model_registry import list_models
from vsod.inference.weights_check import check_weights
from vsod_models.weights import WeightsError, load_weights, save_weights


def safetensors(header, values=b"", size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + values


class Runs:
    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle ran')",)


def tensor(shape, ends, dtype="F32"):
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": ends}}


HOSTILE = {
    "garbage": b"garbage" * 99,
    "empty": b"",
    "seven bytes": b"1234567",
    "pickle": pickle.dumps(Runs()),
    "header of 2^60": (2**60).to_bytes(8, "little") + b"{}",
    "header beyond the end": safetensors(b"{}", size=100),
    "header of 50 MB": safetensors(b" " * 50_000_000 + b"{}"),
    "deep header": safetensors(b"[" * 100_000),
    "no UTF-8": safetensors(b'{"\xff": 1}'),
    "a list": safetensors(b"[]   "),
    "no offsets": safetensors({"a": {"dtype": "F32", "shape": [1]}}),
    "negative": safetensors(tensor([1], [-4, 0])),
    "backwards": safetensors(tensor([1], [4, 0]), bytes(4)),
    "cut off": safetensors(tensor([2], [0, 8]), bytes(4)),
    "longer": safetensors(tensor([1], [0, 4]), bytes(8)),
    "huge shape": safetensors(tensor([2**40, 2**40], [0, 4]), bytes(4)),
    "numbers as text": safetensors(tensor(["1"], ["0", "4"]), bytes(4)),
    "infinite": safetensors(b'{"a": {"dtype": "F32", "shape": [1e999], "data_offsets": [0, 4]}}', bytes(4)),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=list(HOSTILE))
def test_what_is_no_weights_file_is_refused_at_once(tmp_path, data):
    file = tmp_path / "w.safetensors"
    file.write_bytes(data)
    began = time.process_time()
    with pytest.raises(ModelError, match="cannot be read") as caught:
        check_weights(file)
    assert time.process_time() - began < 1
    assert caught.value.where == str(file) and caught.value.fix and len(str(caught.value)) < 500
    with contextlib.suppress(WeightsError):
        assert load_weights(file) == {}, "the library takes some for whole, with nothing in them"


def test_what_is_whole_passes(tmp_path):
    for precision in ("float32", "bfloat16", "int8"):
        save_weights({"a": torch.ones(8, 99), "b": torch.ones(3)}, tmp_path / "w.safetensors", precision)
        check_weights(tmp_path / "w.safetensors")
    for model in list_models():
        if model.weights is not None and model.weights.is_file():
            check_weights(model.weights)

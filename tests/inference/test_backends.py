"""Networks that are loaded ahead, and networks that are kept compiled."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vsod.errors import Cancelled, ModelError
from vsod.inference import backends, openvino_backend
from vsod.inference.backends import open_backend, prepare_backend
from vsod.inference.model_registry import require_model
from vsod.inference.network_inputs import NETWORK_INPUTS
from vsod.inference.openvino_backend import OpenVINOBackend
from vsod.inference.raster import Raster

WIDE, TALL = Raster.fit((1280, 720), 9216, 32), Raster.fit((720, 1280), 9216, 32)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Raster]]:
    """Counts what is loaded; nothing is."""
    found: list[Raster] = []

    def load(model: object, raster: Raster, *_: object) -> object:
        found.append(raster)
        return object()

    monkeypatch.setattr(backends, "_open", load)
    monkeypatch.setattr(backends, "loads_at_once", lambda *_: True)
    yield found
    backends._prepared = None


def test_the_next_one_takes_what_was_loaded_ahead_and_only_that(loads: list[Raster]) -> None:
    model = require_model("swift")
    prepare_backend(model, WIDE)
    prepare_backend(model, WIDE)
    first = open_backend(model, WIDE)
    assert loads == [WIDE]
    assert open_backend(model, WIDE) is not first, "one network serves one analysis"
    assert loads == [WIDE, WIDE]


def test_what_does_not_fit_is_let_go(loads: list[Raster]) -> None:
    model = require_model("swift")
    prepare_backend(model, WIDE)
    open_backend(model, TALL)
    assert loads == [WIDE, TALL] and backends._prepared is None
    prepare_backend(model, WIDE, "cpu")
    open_backend(model, WIDE, "auto")
    assert loads[2:] == [WIDE, WIDE]


def test_a_model_to_be_converted_is_left_alone(loads: list[Raster], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "loads_at_once", lambda *_: False)
    prepare_backend(require_model("swift"), WIDE)
    assert not loads and backends._prepared is None


def test_a_failure_ahead_is_told_to_whoever_asks(
    loads: list[Raster], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> object:
        raise ModelError("no memory")

    plain = backends._open
    monkeypatch.setattr(backends, "_open", refuse)
    with pytest.raises(ModelError):
        prepare_backend(require_model("swift"), WIDE)
    monkeypatch.setattr(backends, "_open", plain)
    open_backend(require_model("swift"), WIDE)
    assert loads == [WIDE], "it is tried again"


def test_waiting_for_it_can_be_given_up(loads: list[Raster], monkeypatch: pytest.MonkeyPatch) -> None:
    begun, free, cancel = threading.Event(), threading.Event(), threading.Event()
    plain: Callable[..., object] = backends._open

    def slow(*words: object) -> object:
        begun.set()
        free.wait(30)
        return plain(*words)

    monkeypatch.setattr(backends, "_open", slow)
    thread = threading.Thread(target=prepare_backend, args=(require_model("swift"), WIDE))
    thread.start()
    assert begun.wait(30)
    cancel.set()
    with pytest.raises(Cancelled):
        open_backend(require_model("swift"), WIDE, cancel=cancel)
    free.set()
    thread.join()


def test_a_compiled_network_is_kept_and_answers_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[..., None]
) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path))
    model = require_model("swift")
    compiled: list[object] = []
    plain = openvino_backend._keep_compiled
    monkeypatch.setattr(
        openvino_backend, "_keep_compiled", lambda kept, net: (compiled.append(kept), plain(kept, net))
    )
    height, width, random = WIDE.padded_height, WIDE.padded_width, np.random.default_rng(5)
    kinds = [NETWORK_INPUTS[name] for name in model.inputs]
    inputs = [
        random.random((1, k.channels, height // k.divide, width // k.divide), np.float32) for k in kinds
    ]
    answer = OpenVINOBackend(model, WIDE).frames(*inputs)
    assert len(compiled) == 1
    np.testing.assert_array_equal(OpenVINOBackend(model, WIDE).frames(*inputs), answer)
    assert len(compiled) == 1, "it was there"
    OpenVINOBackend(model, TALL)
    assert len(compiled) == 2, "another shape"
    kept = compiled[0].file  # type: ignore[attr-defined]
    whole = bytearray(kept.read_bytes())
    whole[len(whole) // 2] ^= 1
    kept.write_bytes(whole)
    expect_log("converted anew")
    np.testing.assert_array_equal(OpenVINOBackend(model, WIDE).frames(*inputs), answer)
    assert len(compiled) == 3, "a damaged one is made anew"
    openvino_backend.forget(model)
    assert not list((tmp_path / "compiled").glob("*.net"))

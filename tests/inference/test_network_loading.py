"""The default net, and loading it. What every net must do is in test_every_card."""

import os
import subprocess
import sys
import threading
from textwrap import dedent

import numpy as np
import pytest
import torch

from vsod.errors import Cancelled, ModelError
from vsod.inference.devices import choose_device
from vsod.inference.model_registry import require_model
from vsod.inference.network_loading import load_network
from vsod.inference.predictor import Predictor
from vsod.inference.raster import Raster
from vsod.inference.torch_backend import TorchBackend
from vsod.media.sources.opening import open_source
from vsod_models.flow.motion_encoding import encode_motion
from vsod_models.layers.blocks import count_parameters
from vsod_models.networks.swift import Swift


@pytest.fixture(scope="module")
def net():
    return load_network(require_model("swift"))


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """Two neighbouring frames of the demo clip at the net's raster."""
    from vsod.media.sinks.demo import make_demo

    path = tmp_path_factory.mktemp("net") / "demo.mp4"
    make_demo(path)
    with open_source(path) as source:
        return [f.image for f in source.frames(40, 42, size=(384, 216))]


def inputs(frames):
    from vsod_models.flow.dis import DIS

    r = Raster.fit((1280, 720), 82944, 32)
    image = r.pad(frames[0].transpose(2, 0, 1).astype(np.float32) / 255)[None]
    motion = r.pad(encode_motion(DIS()(frames[0], frames[1]), 216, 384), 2)[None]
    return np.ascontiguousarray(image), np.ascontiguousarray(motion)


def test_it_is_small(net):
    assert count_parameters(net) <= 4_500_000
    assert require_model("swift").verified_weights().stat().st_size <= 10_000_000


def test_training_mode_has_side_outputs():
    logits, sides = Swift().train()(torch.rand(2, 3, 64, 96), torch.rand(2, 6, 32, 48))
    assert logits.shape == (2, 1, 64, 96)
    assert [tuple(s.shape[-2:]) for s in sides] == [(8, 12), (4, 6), (2, 3)]


def test_missing_motion_does_not_depend_on_the_motion_stream(net):
    image = torch.rand(1, 3, 64, 64)
    changed = load_network(require_model("swift"))
    for p in changed.motion.parameters():
        torch.nn.init.normal_(p)
    with torch.inference_mode():
        none = torch.zeros(1, 6, 32, 32)
        some = torch.rand(1, 6, 32, 32)
        assert torch.equal(net(image, none), changed(image, none))
        assert not torch.allclose(net(image, some), changed(image, some), atol=1e-3)


def test_motion_changes_the_map(frames):
    image, motion = inputs(frames)
    backend = TorchBackend(require_model("swift"), "cpu")
    with_motion, without = backend.frames(image, motion), backend.frames(image, np.zeros_like(motion))
    assert np.abs(with_motion - without).mean() > 1e-4


def test_a_device_that_is_not_there_is_named():
    assert choose_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="cuda"):
            choose_device("cuda")


def test_converting_a_net_reports_to_nobody(tmp_path):
    """OpenVINO's converter would send usage data and keep a thread pool for it."""
    pytest.importorskip("openvino")
    code = (
        "import sys, threading\n"
        "from vsod.inference.predictor import Predictor\n"
        "from vsod.inference.model_registry import require_model\n"
        "print(Predictor(require_model('swift'), (640, 360)).device)\n"
        "print(sys.modules.get('openvino_telemetry'), [t.name for t in threading.enumerate()])\n"
    )
    env = {**os.environ, "VSOD_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    device, state = done.stdout.splitlines()
    assert device.startswith("OpenVINO")
    assert state == "None ['MainThread']"


def test_a_first_conversion_can_be_given_up(tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setenv("VSOD_CACHE", str(tmp_path))
    cancel = threading.Event()
    predictor = Predictor(require_model("swift"), (640, 360))
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    with pytest.raises(Cancelled):
        predictor.load(cancel)
    timer.join()
    assert not list((tmp_path / "compiled").glob("*.xml"))


def test_another_flow_is_chosen_by_name_and_its_lack_is_explained(frames, monkeypatch):
    model = require_model("swift")
    usual = Predictor(model, (640, 360))
    monkeypatch.setenv("VSOD_FLOW", "raft")
    learned = Predictor(model, (640, 360))
    assert usual.signature != learned.signature
    with pytest.raises(ModelError, match=r"raft.*cannot be used.*VSOD_FLOW"):
        learned.prepare(iter(()))
    monkeypatch.setenv("VSOD_FLOW", "lucas")
    with pytest.raises(ModelError, match="dis or raft"):
        Predictor(model, (640, 360)).prepare(iter(()))


@pytest.mark.skipif(sys.platform == "win32", reason="signals of other systems")
def test_a_signal_after_a_network_was_deleted_in_another_thread_is_handled():
    """OpenVINO's core owns the stack that the main thread takes its signals on."""
    program = """
        import os, signal, threading
        from vsod.inference.model_registry import require_model
        from vsod.inference.openvino_backend import OpenVINOBackend
        from vsod.inference.raster import Raster

        handled = []
        signal.signal(signal.SIGTERM, lambda number, frame: handled.append(number))
        held = [OpenVINOBackend(require_model("swift"), Raster.fit((1280, 720), 82944, 32))]
        deleting = threading.Thread(target=held.clear)
        deleting.start()
        deleting.join()
        os.kill(os.getpid(), signal.SIGTERM)
        assert handled == [signal.SIGTERM]
    """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True)
    assert done.returncode == 0, (done.returncode, done.stderr)

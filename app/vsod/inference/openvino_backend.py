"""Networks run by OpenVINO on plain CPUs.

The first run of a model converts it with torch; the converted model stays in
the cache, so later runs start without importing torch at all.
"""

from __future__ import annotations

import importlib
import io
import logging
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vsod import helper_process
from vsod.core.arrays import FloatArray
from vsod.errors import ModelError, ProcessError, VsodError
from vsod.inference.adapted_weights import is_adapted
from vsod.inference.converted_networks import ConvertedNetwork, Network, converted_network
from vsod.inference.model_registry import read_model_spec
from vsod.inference.model_signature import compute_signature
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_inputs import NETWORK_INPUTS
from vsod.inference.raster import Raster
from vsod.inference.weights_check import check_weights

if TYPE_CHECKING:
    import torch


_log = logging.getLogger(__name__)


def openvino() -> Any:
    """The OpenVINO module, its usage reports off: nothing leaves the user's machine."""
    # its converter takes a silent stub where the reporting package cannot be imported
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module("openvino")


_core_lock = threading.Lock()


def core() -> Any:
    """OpenVINO's core: one, made at the first call and kept as long as the program runs.

    On Linux it gives the thread that makes it a stack for signals, and takes that stack away when it
    is deleted. Deleted in another thread it would leave the first one with none: the next signal that
    Python handles, a Ctrl-C for one, would end the program with a segmentation fault.
    """
    with _core_lock:
        return _one_core()


@cache
def _one_core() -> Any:
    return openvino().Core()


def has_bfloat16() -> bool:
    """True if this CPU computes in bfloat16."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class CompiledNetwork:
    """One converted model, compiled for fixed shapes, bf16 where the CPU has it.

    Args:
        network: As it was converted.
        shapes: Shape of every input, in order.
        kept: Where it is kept once it is compiled, which is read in a third of the time; None = nowhere.
    """

    def __init__(
        self,
        network: Callable[[], Network],
        shapes: Sequence[tuple[int, ...]],
        kept: ConvertedNetwork | None = None,
    ) -> None:
        hints = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if has_bfloat16() else "f32",
        }
        blob = None if kept is None else kept.compiled(f"{shapes} {hints} {_processor()}")
        compiled = None if blob is None else _read_compiled(blob, hints)
        if compiled is None:
            found = network()
            model = core().read_model(model=found.xml, weights=found.bin)
            model.reshape(dict(enumerate(list(shape) for shape in shapes)))
            compiled = core().compile_model(model, "CPU", hints)
            if blob is not None:
                _keep_compiled(blob, compiled)
        self.shape = tuple(compiled.outputs[0].shape)
        self._request = compiled.create_infer_request()

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        """Result for inputs of exactly the compiled shapes, float32."""
        out = self._request.infer(dict(enumerate(inputs)))[0]
        return np.array(out, np.float32)


def _processor() -> str:
    """What a compiled network depends on beside the network itself."""
    names = "FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"
    return " ".join(str(core().get_property("CPU", name)) for name in names)


def _read_compiled(kept: ConvertedNetwork, hints: dict[str, str]) -> Any | None:
    found = kept.read() if kept.file.exists() else None
    if found is None:
        return None
    try:
        return core().import_model(found.bin, "CPU", hints)
    except RuntimeError as error:
        _log.warning("%s: compiled anew: %s", kept.file, error)
        kept.discard()
        return None


def _keep_compiled(kept: ConvertedNetwork, compiled: Any) -> None:
    """Keep a compiled network for the next time; never raises."""
    try:
        out = io.BytesIO()
        compiled.export_model(out)
        kept.write(Network(b"", out.getvalue()))
    except (RuntimeError, VsodError) as error:
        _log.debug("%s: not kept: %s", kept.file, error)


class OpenVINOBackend:
    """See :class:`backends.Backend`."""

    batch = 1

    def __init__(self, model: ModelSpec, raster: Raster, cancel: threading.Event | None = None) -> None:
        h, w = raster.padded_height, raster.padded_width
        kinds = [NETWORK_INPUTS[name] for name in model.inputs]
        shapes = [(1, k.channels, h // k.divide, w // k.divide) for k in kinds]
        first = "encode" if model.window else "frame"
        networks = cache(lambda: converted_model(model, openvino_version(), cancel))
        kept = _kept(model, openvino_version())
        # weights made for one clip are used once or twice, their clip's folder holds the network alone
        beside = {} if is_adapted(model.verified_weights()) else kept
        self._frame = CompiledNetwork(lambda: networks()[first], shapes, beside.get(first))
        self._window: CompiledNetwork | None = None
        if model.window:
            of_window = [(1, model.window, *self._frame.shape[1:])]
            self._window = CompiledNetwork(lambda: networks()["decode"], of_window, beside.get("decode"))
        self.name = f"OpenVINO on CPU, {'bfloat16' if has_bfloat16() else 'float32'}"

    def frames(self, *inputs: FloatArray) -> FloatArray:
        """See :class:`backends.Backend`."""
        return np.concatenate([self._frame(*(x[i : i + 1] for x in inputs)) for i in range(len(inputs[0]))])

    def window(self, features: FloatArray) -> FloatArray:
        """See :class:`backends.Backend`."""
        assert self._window is not None
        return np.concatenate([self._window(features[i : i + 1]) for i in range(len(features))])


def converted_model(model: ModelSpec, version: str, cancel: threading.Event | None) -> dict[str, Network]:
    """The model's parts as OpenVINO models, converted on first use.

    The conversion needs torch, whose import would freeze a window for half a second and
    stay in memory for good: it runs in a process of its own, which can also be stopped.

    Raises:
        Cancelled: ``cancel`` was set.
        ModelError: The network cannot be built, or its weights do not fit.
    """
    weights = model.verified_weights().absolute()
    check_weights(weights)  # seconds before a process of its own would say the same
    kept = _kept(model, version)
    found = {name: file.read() for name, file in kept.items()}
    if None in found.values() and model.source is not None:
        convert_in_helper(convert_model, [str(model.source.absolute()), str(weights)], cancel)
        found = {name: file.read() for name, file in kept.items()}
    whole = {name: network for name, network in found.items() if network is not None}
    # else here, where whatever went wrong reaches the caller
    return whole if len(whole) == len(kept) else convert(model)


def is_converted(model: ModelSpec) -> bool:
    """Whether the model's parts are kept, so that loading it takes no conversion."""
    try:
        return all(file.file.exists() for file in _kept(model, openvino_version()).values())
    except VsodError as error:
        _log.debug("'%s': %s", model.id, error)  # whoever loads it says so
        return True


def forget(model: ModelSpec) -> None:
    """Delete what was converted of a model; never raises."""
    try:
        for file in _kept(model, openvino_version()).values():
            file.discard()
    except VsodError as error:
        _log.debug("nothing to forget of '%s': %s", model.id, error)


def _kept(model: ModelSpec, version: str) -> dict[str, ConvertedNetwork]:
    """Where the parts of a model's network are kept."""
    weights = model.verified_weights()
    # weights made for one clip are kept with it, and so is what is made of them
    adapted = is_adapted(weights)
    name, home = (weights.name, weights.parent) if adapted else (model.id, None)
    signature = compute_signature(model)
    parts = ("encode", "decode") if model.window else ("frame",)
    return {part: converted_network(name, signature, version, part, home) for part in parts}


def openvino_version() -> str:
    """OpenVINO's release, ``2026.4.1`` say, without the number of its build."""
    return str(openvino().__version__.split("-")[0])


def convert_model(source: str, weights: str) -> None:
    """Convert the model at the path ``source`` with the ``weights`` at another, and keep the result."""
    convert(replace(read_model_spec(Path(source)), weights=Path(weights), sha256=""))


def convert_in_helper(
    task: Callable[..., object] | str, words: Sequence[str], cancel: threading.Event | None
) -> None:
    """Call ``task`` with ``words`` in a helper process, see :func:`vsod.helper_process.run`.

    It may fail, which is logged: what counts is whether the files it should write are there.

    Raises:
        Cancelled: ``cancel`` was set.
        ModelError: It was ended from outside; doing the same in this process would end this one.
    """
    try:
        helper_process.run(task, words, cancel)
    except (ProcessError, OSError) as error:
        if isinstance(error, ProcessError) and error.killed:
            raise ModelError(
                f"the network could not be converted: {error.what}",
                fix="Most often memory ran out: close other programs, then try again.",
            ) from error
        _log.warning("converting the network: %s; tried again in this process", error)


def convert(model: ModelSpec) -> dict[str, Network]:
    """The parts of ``model``'s network as OpenVINO models; they are kept in the cache.

    Raises:
        ModelError: The network cannot be built or its weights do not fit.
    """
    import torch

    from vsod.inference.network_loading import load_network, network_part

    net = load_network(model)
    kinds = [NETWORK_INPUTS[name] for name in model.inputs]
    examples = [torch.zeros(1, k.channels, 64 // k.divide, 64 // k.divide) for k in kinds]
    made: dict[str, Network] = {}
    for name, kept in _kept(model, openvino_version()).items():
        inputs = examples
        if name == "decode":
            with torch.no_grad():
                features = network_part(net, "encode")(*examples)
            inputs = [features[:, None].expand(-1, model.window, -1, -1, -1)]
        made[name] = as_openvino(network_part(net, name, model.decision_threshold), inputs)
        kept.write(made[name])
    return made


def as_openvino(module: torch.nn.Module, examples: Sequence[torch.Tensor]) -> Network:
    """``module`` converted; heights and widths are left open."""
    import torch

    ov = openvino()
    with torch.no_grad(), warnings.catch_warnings():
        # OpenVINO still goes through torch.jit.trace, which torch calls deprecated
        warnings.simplefilter("ignore")
        model = ov.convert_model(module, example_input=tuple(x.contiguous() for x in examples))
    for i, example in enumerate(examples):
        # heights and widths are set when it is compiled
        model.inputs[i].get_node().set_partial_shape(ov.PartialShape([-1] * example.ndim))
    model.validate_nodes_and_infer_types()
    with tempfile.TemporaryDirectory(prefix="vsod-") as folder:
        file = Path(folder) / "network.xml"
        ov.save_model(model, file, compress_to_fp16=False)
        return Network(file.read_bytes(), file.with_suffix(".bin").read_bytes())

"""Networks run by torch: GPUs, and CPUs without OpenVINO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vsod.core.arrays import FloatArray
from vsod.inference.model_spec import ModelSpec
from vsod.inference.network_loading import load_network, network_part

if TYPE_CHECKING:
    import torch


class TorchBackend:
    """Plain torch, bf16 or fp16 autocast on a GPU, float32 on the CPU. See :class:`backends.Backend`."""

    def __init__(self, model: ModelSpec, device: str) -> None:
        import torch

        from vsod_models.layers.blocks import channels_last

        self._torch = torch
        self._device = torch.device(device)
        net = channels_last(load_network(model).to(self._device))
        self._frame = network_part(net, "encode" if model.window else "frame", model.decision_threshold)
        self._window = network_part(net, "decode", model.decision_threshold) if model.window else None
        self._dtype: torch.dtype | None = None
        if device == "cuda":
            self._dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        self.batch = 1 if device == "cpu" else 8
        label = torch.cuda.get_device_name() if device == "cuda" else device.upper()
        precision = "float32" if self._dtype is None else str(self._dtype).split(".")[-1]
        self.name = f"torch on {label}, {precision}"

    def frames(self, *inputs: FloatArray) -> FloatArray:
        """See :class:`backends.Backend`."""
        return self._run(self._frame, *inputs)

    def window(self, features: FloatArray) -> FloatArray:
        """See :class:`backends.Backend`."""
        assert self._window is not None
        return self._run(self._window, features)

    def _run(self, module: torch.nn.Module, *inputs: FloatArray) -> FloatArray:
        torch = self._torch
        with torch.inference_mode():
            tensors = [torch.from_numpy(x).to(self._device) for x in inputs]
            if tensors[0].ndim == 4:
                tensors[0] = tensors[0].contiguous(memory_format=torch.channels_last)
            with torch.autocast(self._device.type, self._dtype, enabled=self._dtype is not None):
                result = module(*tensors)
            out: FloatArray = result.float().cpu().numpy()
        return out

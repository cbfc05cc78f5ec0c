"""Where a network starts: an ImageNet file of its backbone, or weights of ours."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError

from torch import nn

from vsod.errors import ModelError
from vsod_models.training.initial_weights import is_imagenet, load_matching
from vsod_models.training.training_run import TrainingRun
from vsod_models.weights import load_weights


def initialise_network(net: nn.Module, file: Path) -> bool:
    """Start from a torchvision ImageNet file, or from weights of ours, of this net or another.

    Returns:
        Whether the file holds this very net, all of it.

    Raises:
        ModelError: The file is neither.
    """
    try:
        state = load_weights(file)
        if is_imagenet(state):
            net.load_imagenet(state)  # type: ignore[operator]
            return False
        return {name for name, _ in net.named_parameters()} <= set(load_matching(net, state))
    except Exception as error:
        raise ModelError(
            f"cannot start from this file: {error}",
            where=file,
            fix="Give a .safetensors of the model's backbone (torchvision names) or weights of ours.",
        ) from error


def resume_run(run: TrainingRun) -> None:
    """Go on where the run was stopped, if it was.

    Raises:
        ModelError: What was begun there is another network's, or cannot be read.
    """
    try:
        run.resume()
    except (RuntimeError, KeyError, ValueError, OSError, EOFError, UnpicklingError) as error:
        raise ModelError(
            "the run that was begun here is another network's, or its checkpoint is damaged",
            where=run.checkpoint,
            fix="Give the options that it was begun with, or another --out.",
        ) from error

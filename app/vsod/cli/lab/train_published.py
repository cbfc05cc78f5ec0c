"""The options of ``train --published``."""

from __future__ import annotations

import argparse
from typing import Any

from vsod.lab.training.plan import PUBLISHED


def add_arguments(p: argparse.ArgumentParser) -> None:
    """What belongs to the paper's training."""
    group = p.add_argument_group(
        "as published", "the paper's backbone, sizes, data, optimiser and losses, stage by stage"
    )
    group.add_argument(
        "--published",
        nargs="?",
        const=PUBLISHED[0],
        choices=PUBLISHED,
        help="train as the model's paper does; code: as its authors' public code does where that differs",
    )
    group.add_argument(
        "--compact", action="store_true", help="the model's own small network, not the paper's"
    )
    group.add_argument(
        "--size",
        dest="sizes",
        type=int,
        nargs="+",
        default=(),
        metavar="PIXELS",
        help="sides of the square input",
    )
    group.add_argument("--batch", type=int, metavar="N", help="samples of a batch")
    group.add_argument("--accumulate", type=int, metavar="N", help="batches before the weights change")
    group.add_argument("--epochs", type=int, metavar="N", help="passes over the data")
    group.add_argument(
        "--mix",
        nargs="+",
        default=(),
        metavar="SET[:split][=weight]",
        help="data sets in place of the paper's, such as DUTS:train DAVIS-2016:train=2",
    )


def plain(value: Any) -> Any:
    """A value of the command line as plans hold it: lists as tuples."""
    return tuple(value) if isinstance(value, list) else value

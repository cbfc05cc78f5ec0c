"""``--shot``: what a stretch of frames has of its own."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import fields

from vsod.cli.aliases import add_old_names
from vsod.cli.options.frame_range import frame_range
from vsod.cli.options.matte import add_matte_options, matte_settings
from vsod.cli.options.option_line import OptionLineParser
from vsod.core.clip_settings import ShotOverride
from vsod.core.matte_settings import MatteSettings
from vsod.errors import UsageError


def shot_override(text: str) -> ShotOverride:
    """The shot that ``"A:B --model NAME --feather 2"`` describes.

    Finishing options, once there is one, are all of the shot's: what they do not name is as usual,
    not as the clip has it.

    Raises:
        UsageError: It cannot be read.
    """
    parser = OptionLineParser(
        add_help=False, fix="Write --shot 'A:B --model NAME', or matte settings behind A:B."
    )
    parser.add_argument("frames", type=frame_range)
    parser.add_argument("--model")
    add_matte_options(parser)
    add_old_names(parser)
    try:
        args = parser.parse_args(shlex.split(text), argparse.Namespace())
    except ValueError as error:
        raise UsageError(str(error), where=f"--shot {text}") from error
    start, stop = args.frames
    if stop is None:
        raise UsageError("a shot needs its last frame", where=f"--shot {text}", fix="Write it as A:B.")
    named = any(getattr(args, setting.name) is not None for setting in fields(MatteSettings))
    return ShotOverride(start, stop, args.model, matte_settings(args) if named else None)

"""The options that say how a source is read."""

from __future__ import annotations

import argparse

from vsod.core.source_settings import GAP_MODES, SOURCE_ALPHA_MODES, SourceSettings


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Give a command the options of :class:`vsod.core.source_settings.SourceSettings`."""
    group = parser.add_argument_group("how IN is read (see docs/formats.md)")
    group.add_argument(
        "--stream",
        metavar="N",
        type=int,
        help="video stream, as ffprobe numbers the file's streams (default: the one players show)",
    )
    group.add_argument("--layer", metavar="NAME", help="layer or part of EXR images")
    group.add_argument(
        "--gaps",
        choices=GAP_MODES,
        help="missing numbers of an image sequence: hold the last image (default), close the gap, refuse",
    )
    group.add_argument("--frame-rate", metavar="RATE", help="of an image sequence (default: 24)")
    group.add_argument(
        "--source-alpha",
        choices=SOURCE_ALPHA_MODES,
        help="an alpha channel of IN: multiply the matte by it (default), or ignore it",
    )


def source_settings(args: argparse.Namespace) -> SourceSettings:
    """The settings a command line asks for.

    Raises:
        UsageError: A value is out of range.
    """
    return SourceSettings.from_options(vars(args))

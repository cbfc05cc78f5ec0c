"""The options that say what is written."""

from __future__ import annotations

import argparse

from vsod.cli.options.path_access import reads
from vsod.core.export_settings import (
    ALPHA_MODES,
    AUDIO_MODES,
    EXPORT_KINDS,
    EXR_COMPRESSION,
    OLDER_IMAGES,
)


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Give a command the options of :class:`vsod.core.export_settings.ExportSettings`."""
    group = parser.add_argument_group("what is written (see docs/formats.md)")
    told = "; ".join(f"{name}: {text}" for name, text in EXPORT_KINDS.items())
    group.add_argument(
        "--kind", choices=tuple(EXPORT_KINDS), help=f"{told} (default: matte)".replace("%", "%%")
    )
    group.add_argument("--alpha", choices=ALPHA_MODES, help="kind of a cut-out's colour (default: straight)")
    reads(
        group.add_argument(
            "--background", metavar="BACKGROUND", help="RRGGBB, 'blur', a clip or a still, for over"
        )
    )
    group.add_argument(
        "--cfr", metavar="RATE", help="conform to a constant rate; default: every frame's own time"
    )
    group.add_argument(
        "--cfr-frames",
        metavar="N",
        type=int,
        help="a conformed clip may have so many frames (default: 4 times the source's)",
    )
    group.add_argument(
        "--audio",
        choices=AUDIO_MODES,
        help="the source's sound: copied as it is, coded anew (pcm, aac), or none (default: copied to pictures, not to "
        "mattes)",
    )
    group.add_argument(
        "--start-number", metavar="N", help="first number of a sequence: 0, 1, 1001 or timecode"
    )
    group.add_argument("--names", metavar="PATTERN", help="names of a sequence: {stem}, {kind}, {frame:04}")
    group.add_argument(
        "--exr-compression", dest="compression", choices=EXR_COMPRESSION, help="of EXR images (default: zips)"
    )
    group.add_argument(
        "--older-images",
        choices=OLDER_IMAGES,
        help="what becomes of images of earlier exports in a sequence's folder (default: keep)",
    )
    group.add_argument(
        "--pad-start",
        action="store_true",
        default=None,
        help="a picture that begins after its sound begins as late in the export",
    )

"""The outcome of a verification as one HTML page: checks, the matte's course, and pictures. Needs nothing else."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from vsod.core.arrays import Image
from vsod.core.clip import ClipInfo
from vsod.core.overlay import cutout, to_u8
from vsod.core.safe_text import sanitise
from vsod.media.sources.opening import open_source
from vsod.media.verify.readback import read_cutouts, read_matte
from vsod.media.verify.verify_report import VerifyReport
from vsod.storage.atomic import write_text
from vsod.storage.ownership_marks import GENERATOR

PICTURE_COUNT = 6
_WIDTH = 400  # pixels across of a picture
_MARKS = {True: ("ok", "✓"), False: ("failed", "✗"), None: ("note", "!")}
_CURVES = (("area", "area of the picture"), ("change", "change since the frame before"), ("holes", "holes"))
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem;
  color: #1c1f24; background: #fafafa; }
table { border-collapse: collapse; } td { padding: .15rem .8rem .15rem 0; vertical-align: top; }
.ok { color: #14733b; } .failed { color: #b3261e; font-weight: 600; } .note { color: #8a5a00; }
figure { margin: 1rem 0; } figcaption { color: #555; } img { width: 32%; border-radius: 3px; }
svg { width: 100%; height: 5rem; background: #fff; border: 1px solid #ddd; } code { font-size: .95em; }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #191b1f; } svg { background: #22252a; } }
"""


def write_page(report: VerifyReport, file: Path) -> None:
    """Write the page, whole or not at all.

    Args:
        report: Of an export that can be opened or not; without pictures if it cannot.
        file: Where to.

    Raises:
        MediaError: The source cannot be read.
        OutputError: The disk refuses.
    """
    write_text(file, html_page(report))


def html_page(report: VerifyReport) -> str:
    """The page as text; see :func:`write_page`."""
    verdict = "conforms" if report.ok else "does not conform"
    rows = []
    for check in report.checks:
        name, mark = _MARKS[check.ok]
        rows.append(
            f'<tr><td class="{name}">{mark} {_text(check.id)}</td><td>{_text(check.message)}</td></tr>'
        )
    curves = [
        f"<h3>{title}</h3>{svg_curve(getattr(report.stability, name), title)}"
        for name, title in _CURVES
        if any(getattr(report.stability, name))
    ]
    title = _text(f"{report.matte.name} {verdict}")
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            GENERATOR,
            f"<title>{title}</title><style>{_STYLE}</style>",
            f'<h1 class="{_MARKS[report.ok][0]}">{title}</h1>',
            f"<p><code>{_text(str(report.matte))}</code> over <code>{_text(str(report.source))}</code></p>",
            f"<table>{''.join(rows)}</table>",
            *curves,
            *_figures(report),
            "</html>",
        ]
    )


def _text(words: str) -> str:
    """Words of others as text of a page."""
    return html.escape(sanitise(words))


def svg_curve(values: Sequence[float], title: str) -> str:
    """A curve of values from 0 up, one per frame, as SVG."""
    top = max([*values, 1e-6])
    last = max(len(values) - 1, 1)
    points = " ".join(f"{1000 * i / last:.1f},{100 - 95 * v / top:.1f}" for i, v in enumerate(values))
    return (
        f'<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="{_text(title)}">'
        f"<title>{_text(title)}: up to {top:.1%}, {len(values)} frames</title>"
        f'<polyline points="{points}" fill="none" stroke="#1769aa" stroke-width="2" '
        'vector-effect="non-scaling-stroke"/></svg>'
        f"<p>up to {top:.1%}</p>"
    )


def pick_frames(report: VerifyReport, most: int = PICTURE_COUNT) -> list[int]:
    """Frames to show: those with the largest change and the most holes, and some spread over the clip."""
    course = report.stability
    if not course.area:
        return []
    chosen = {int(np.argmax(course.change)), int(np.argmax(course.holes))}
    for count in range(most, 0, -1):
        evenly = np.linspace(0, len(course.area) - 1, count).round().astype(int).tolist()
        if len(chosen.union(evenly)) <= most:
            return sorted(chosen.union(evenly))
    return sorted(chosen)


def _figures(report: VerifyReport) -> Iterable[str]:
    wanted = [i for i in pick_frames(report) if i < len(report.frames)]
    if not wanted or report.export is None:
        return
    mattes = _mattes(report, report.export, wanted)
    with open_source(report.source, report.source_settings) as source:
        for index, matte in mattes:
            picture = source.frame_at(report.frames[index]).image
            if picture.shape[:2] != matte.shape:
                return
            yield _figure(index, picture, matte)


def _mattes(
    report: VerifyReport, info: ClipInfo, wanted: list[int]
) -> Iterable[tuple[int, npt.NDArray[np.float32]]]:
    """(index, (H, W) 0..1) of the frames asked for."""
    if report.content == "matte":
        found = ((f.index, f.matte) for f in read_matte(info))
    else:
        found = ((f.index, f.alpha) for f in read_cutouts(info) if f.alpha is not None)
    for index, matte in found:
        if index in wanted:
            yield index, np.clip(matte, 0, 1)
        if index >= wanted[-1]:
            return


def _figure(index: int, picture: Image, matte: npt.NDArray[np.float32]) -> str:
    alpha = to_u8(matte)
    grey = np.repeat(alpha[..., None], 3, 2)
    images = "".join(
        f'<img alt="{name}" src="data:image/jpeg;base64,{_jpeg(image)}">'
        for name, image in (("source", picture), ("matte", grey), ("cut-out", cutout(picture, alpha)))
    )
    return f"<figure>{images}<figcaption>frame {index}: source, matte, cut-out</figcaption></figure>"


def _jpeg(image: Image) -> str:
    height = max(1, round(image.shape[0] * _WIDTH / image.shape[1]))
    small = cv2.resize(image, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return base64.b64encode(encoded.tobytes()).decode()

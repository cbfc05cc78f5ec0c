"""Which images of a folder are the clip, in which order, and what their numbers say about time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vsod.core.name_patterns import FramePattern, frame_pattern
from vsod.core.source_settings import SourceSettings
from vsod.errors import MediaNotFound, NoVideo, UsageError
from vsod.media.formats.input_limits import IMAGE_SUFFIXES, UNREAD_IMAGES
from vsod.media.images.sequence_names import NumberedImages, listed, natural_key, number_images


@dataclass(frozen=True, slots=True)
class ImageSelection:
    """The images of a clip.

    Attributes:
        folder: Where they lie.
        names: Of the files, in order.
        frames: Of each frame the file; None where there is none and the image before is held.
        frame_names: Of each frame what its image is called, or would be.
        warnings: What is odd about them.
        missing: Numbers between the first and the last that no image has.
    """

    folder: Path
    names: tuple[str, ...]
    frames: tuple[str | None, ...]
    frame_names: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    missing: tuple[range, ...] = ()


def select_images(path: Path, settings: SourceSettings) -> ImageSelection:
    """The images that a folder, a pattern such as ``shot.####.png`` or a single image stands for.

    Raises:
        MediaNotFound: No image fits the pattern.
        NoVideo: The folder holds no images that are read.
        UsageError: It holds several sequences, or images are missing and that is to be refused.
    """
    if path.is_file():
        return ImageSelection(path.parent, (path.name,), (path.name,), (path.name,))
    pattern = None if path.is_dir() else frame_pattern(path)
    if pattern is not None:
        return _timed(pattern.folder, _matching(path, pattern), settings)
    names = [file.name for file in images_in(path)]
    if not names:
        _refuse_empty(path)
    sequences = number_images(names)
    clear = [images for images in sequences if images.is_clear]
    if len(clear) > 1:
        _refuse_several(path, clear)
    others: list[str] = []
    if clear:
        others = sorted({*names} - {*clear[0].names}, key=natural_key)
    elif sequences and len(sequences[0].names) == len(names):
        clear = sequences
    if not clear or (others and (clear[0].is_camera or len(others) >= len(clear[0].names))):
        return ImageSelection(path, tuple(names), tuple(names), tuple(names))
    left_out = f"{_count(others)} left out, as no part of {clear[0].pattern}: {', '.join(others[:5])}"
    return _timed(path, clear[0], settings, (left_out + ("" if len(others) < 6 else " …"),) if others else ())


def sequence_of(image: Path) -> NumberedImages | None:
    """The sequence that an image belongs to, by its name and those beside it; None if there is none."""
    try:
        names = [file.name for file in images_in(image.parent)]
    except OSError:
        return None
    return next((s for s in number_images(names) if s.is_clear and image.name in s.names), None)


def sequence_path(folder: Path, images: NumberedImages) -> Path:
    """What stands for a sequence in a folder: the folder, if nothing else is in it, else a pattern."""
    alone = len(images.names) == len(images_in(folder))
    return folder if alone else folder / images.pattern


def images_in(folder: Path) -> list[Path]:
    """The images of a folder in natural order of their names; hidden files are not images."""
    files = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))
    return sorted((p for p in files if p.is_file()), key=lambda p: natural_key(p.name))


def _timed(
    folder: Path, images: NumberedImages, settings: SourceSettings, warnings: tuple[str, ...] = ()
) -> ImageSelection:
    """A sequence whose missing numbers are treated as the settings say."""
    names, missing = images.names, images.missing
    plain = ImageSelection(folder, names, names, names, warnings)
    if not missing:
        return plain
    told = f"{_count(range(sum(map(len, missing))))} missing in {images.pattern}: {listed(missing)}"
    if settings.gaps == "refuse":
        raise UsageError(
            told, where=folder, fix="Render what is missing, or choose --gaps hold or --gaps close."
        )
    if settings.gaps == "close" or not images.counts_time:
        why = "the gaps are closed, so that later frames come earlier than their numbers say"
        if settings.gaps != "close":
            why = "so many that the images are taken one after the other, whatever their numbers"
        return ImageSelection(folder, names, names, names, (*warnings, f"{told}; {why}"), tuple(missing))
    at = dict(zip(images.numbers, names, strict=True))
    span = range(images.numbers[0], images.numbers[-1] + 1)
    return ImageSelection(
        folder,
        names,
        tuple(at.get(number) for number in span),
        tuple(at.get(number) or images.name(number) for number in span),
        (*warnings, f"{told}; the image before a gap is held (--gaps close leaves the gaps out)"),
        tuple(missing),
    )


def _matching(path: Path, pattern: FramePattern) -> NumberedImages:
    try:
        found = {name: pattern.number(name) for name in pattern.names()}
    except OSError:
        found = {}
    images = {number: name for name, number in found.items() if number is not None}
    if not images:
        there = number_images(p.name for p in images_in(path.parent)) if path.parent.is_dir() else []
        known = ", ".join(f"{s.pattern} ({len(s.names)} images)" for s in there[:4])
        raise MediaNotFound(
            "no image is called like this",
            where=path,
            fix=f"There are: {known}." if known else "Check the folder.",
        )
    order = sorted(images)
    return NumberedImages(
        tuple(images[number] for number in order), tuple(order), pattern.before, pattern.after, pattern.digits
    )


def _refuse_several(folder: Path, sequences: list[NumberedImages]) -> None:
    known = ", ".join(f"{s.pattern} ({len(s.names)} images)" for s in sequences[:6])
    more = f" and {len(sequences) - 6} more" if len(sequences) > 6 else ""
    raise UsageError(
        f"this folder holds {len(sequences)} sequences: {known}{more}",
        where=folder,
        fix=f"Give one of them: {folder / sequences[0].pattern}",
    )


def _refuse_empty(folder: Path) -> None:
    """Say what is there instead of images that are read."""
    suffixes = [p.suffix.lower() for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
    unread = [s for s in suffixes if s in UNREAD_IMAGES]
    if unread:
        suffix = max(set(unread), key=unread.count)
        count, kind = unread.count(suffix), UNREAD_IMAGES[suffix]
        raise NoVideo(
            f"{count} {kind} image{'s' if count > 1 else ''} ({suffix[1:].upper()}), which are not read",
            where=folder,
            fix="Convert them to EXR, TIFF or PNG.",
        )
    raise NoVideo(
        "no images in this folder",
        where=folder,
        fix=f"Choose a folder with {', '.join(s[1:] for s in IMAGE_SUFFIXES)} files, or a video file.",
    )


def _count(things: list[str] | range) -> str:
    return "1 image is" if len(things) == 1 else f"{len(things)} images are"

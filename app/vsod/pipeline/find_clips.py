"""What in a folder is a clip: the same for ``batch``, ``watch`` and a folder that is dropped on the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from vsod.core.data_parsing import read_json
from vsod.errors import DataError
from vsod.media.formats.file_kinds import VIDEO_SUFFIXES, why_no_video, why_special
from vsod.media.formats.input_limits import IMAGE_SUFFIXES
from vsod.media.images.image_selection import sequence_of, sequence_path
from vsod.media.images.sequence_names import number_images
from vsod.storage.claims import REPORT
from vsod.storage.ownership_marks import is_export

# folders that cameras and recorders make on their cards; the clips lie somewhere in them
_CARD_FOLDERS = frozenset(("dcim", "private", "avchd", "bdmv", "m4root", "xdroot", "mp_root", "sd_video"))
_CARD_BY_CONTENT = {"contents": ("video", "clips001"), "clip": ("mediapro.xml",)}
_SMALL_COPIES = frozenset(("sub", "proxy", "proxies"))
_NO_CLIPS = frozenset(
    (
        *("thmbnl", "thumbnail", "icon", "audio", "voice", "clipinf", "playlist", "backup", "misc"),
        *("general", "edit", "take"),
    )
)
OWN_EXPORT = "an export of vsod-desktop"
_PHOTOS = "photos beside clips"
DEEPER = "a folder with clips in it; --recursive takes them"
_SILENT = frozenset(("thumbs.db", "desktop.ini"))
_MOST_LOOKS = 2000  # entries that are looked at to tell that a folder holds clips further down


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file or folder that is not taken for a clip.

    Attributes:
        path: It.
        reason: What it is instead, such as ``a sound file``.
    """

    path: Path
    reason: str


@dataclass(slots=True)
class FoundClips:
    """What was found.

    Attributes:
        clips: Video files, and folders of images, in the order of their names.
        passed_over: What else is there. Hidden files, our reports and what systems put into folders are not told.
    """

    clips: list[Path] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)

    def told(self, most: int = 3) -> list[str]:
        """What was passed over, one sentence for each reason, with up to ``most`` names."""
        by_reason: dict[str, list[str]] = {}
        for entry in self.passed_over:
            by_reason.setdefault(entry.reason, []).append(entry.path.name)
        lines = []
        for reason, names in by_reason.items():
            more = f" and {len(names) - most} more" if len(names) > most else ""
            lines.append(f"passed over: {', '.join(names[:most])}{more} ({reason})")
        return lines


def clip_suffixes() -> tuple[list[str], list[str]]:
    """Suffixes of videos and of images, for a file dialog."""
    return sorted(VIDEO_SUFFIXES), sorted(IMAGE_SUFFIXES)


def find_clips(folder: Path, *, recursive: bool = False, leave_out: Sequence[Path] = ()) -> FoundClips:
    """The clips of a folder: videos, and folders of images; the whole of a memory card.

    A folder that holds images and no videos is one clip itself; where they are several sequences each is one, as a
    pattern such as ``shot.####.png``. A folder in it that cannot be looked into is taken
    for a clip, so that it is told, not left out.

    Args:
        folder: Where to look.
        recursive: Look into its folders, and those below, too; links to folders are not followed.
        leave_out: Folders that are not looked into: where mattes are written to.

    Raises:
        DataError: The folder itself cannot be read.
    """
    search = _Search(recursive, [path.absolute() for path in leave_out])
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"this folder cannot be read ({error.strerror})", where=folder, fix="Check its permissions."
        ) from error
    search.folder(entries, in_card=_is_card(folder))
    if not search.found.clips and _has_images(entries) and not _is_card(folder):
        images = set(_images(entries))
        search.found.passed_over = [entry for entry in search.found.passed_over if entry.path not in images]
        search.images(folder, entries)
    return search.found


def take_clips(paths: Sequence[Path], *, recursive: bool = False) -> FoundClips:
    """The clips that are given, and those in folders that are given; several images of a sequence are that sequence.

    Raises:
        DataError: A folder cannot be read.
    """
    found = FoundClips()
    sequences = {path: _sequence_path(path) for path in paths if path.suffix.lower() in IMAGE_SUFFIXES}
    several = {clip for clip, count in Counter(sequences.values()).items() if clip is not None and count > 1}
    for path in paths:
        clip = sequences.get(path)
        if path.is_dir():
            inside = find_clips(path, recursive=recursive)
            found.clips += inside.clips
            found.passed_over += inside.passed_over
        elif clip not in several:
            found.clips.append(path)
        elif clip is not None and clip not in found.clips:
            found.clips.append(clip)
    return found


def _sequence_path(image: Path) -> Path | None:
    sequence = None if _is_folder(image) else sequence_of(image)
    return None if sequence is None else sequence_path(image.parent, sequence)


def sort_out(paths: Iterable[Path], *, recursive: bool = False, leave_out: Sequence[Path] = ()) -> FoundClips:
    """What of the paths that a pattern found is a clip; see :func:`find_clips`."""
    search = _Search(recursive, [path.absolute() for path in leave_out])
    search.folder(sorted(paths), in_card=False)
    return search.found


class _Search:
    def __init__(self, recursive: bool, leave_out: list[Path]) -> None:
        self.found = FoundClips()
        self._recursive, self._leave_out = recursive, leave_out

    def folder(self, entries: list[Path], in_card: bool) -> None:
        """Sort the entries of one folder."""
        entries = [p for p in entries if not p.name.startswith(".") and p.name.casefold() not in _SILENT]
        own = _reported_outputs(entries)
        files = [path for path in entries if not _is_folder(path)]
        photos = in_card or any(
            path.suffix.lower() not in IMAGE_SUFFIXES and _why_no(path) is None for path in files
        )
        for path in entries:
            if path.absolute() in own:
                self._pass(path, OWN_EXPORT)
            elif _is_folder(path):
                self._subfolder(path, in_card)
            elif not path.name.endswith(REPORT):
                self._file(path, photos)

    def _file(self, path: Path, photos: bool) -> None:
        reason = _why_no(path)
        if reason is None:
            self.found.clips.append(path)
        else:
            self._pass(path, _PHOTOS if photos and reason == "a still image" else reason)

    def _subfolder(self, path: Path, in_card: bool) -> None:
        if path.absolute() in self._leave_out:
            return
        try:
            entries = sorted(path.iterdir())
        except OSError:
            self.found.clips.append(path)  # whoever opens it says why it cannot be
            return
        name, card = path.name.casefold(), _is_card(path)
        if in_card and name in _SMALL_COPIES:
            self._pass(path, "small copies that the camera made")
        elif in_card and name in _NO_CLIPS:
            return
        elif in_card or card:
            self.folder(entries, in_card=True)
        elif _has_images(entries):
            first = next(_images(entries))
            if _is_export(first):
                self._pass(path, OWN_EXPORT)
            else:
                self.images(path, entries)
            if self._recursive and not path.is_symlink():
                self.folder([p for p in entries if p.suffix.lower() not in IMAGE_SUFFIXES], in_card=False)
        elif self._recursive:
            if not path.is_symlink():
                self.folder(entries, in_card=False)
        elif _holds_clips(path):
            self._pass(path, DEEPER)

    def images(self, folder: Path, entries: list[Path]) -> None:
        """Take a folder of images: one clip, or one for each of several sequences."""
        names = [path.name for path in _images(entries) if not _is_folder(path)]
        sequences = [images for images in number_images(names) if images.is_clear]
        if len(sequences) < 2:
            self.found.clips.append(folder)
            return
        self.found.clips += sorted(folder / images.pattern for images in sequences)
        rest = {*names} - {name for images in sequences for name in images.names}
        for name in sorted(rest):
            self._pass(folder / name, "an image of no sequence")

    def _pass(self, path: Path, reason: str) -> None:
        self.found.passed_over.append(PassedOver(path, reason))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_card(folder: Path) -> bool:
    """Whether a folder is one of those that cameras make."""
    name = folder.absolute().name.casefold()
    if name in _CARD_FOLDERS:
        return True
    wanted = _CARD_BY_CONTENT.get(name)
    return wanted is not None and any(
        entry.name.casefold() in wanted for place in (folder, folder.parent) for entry in _entries(place)
    )


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return


def _images(entries: Iterable[Path]) -> Iterator[Path]:
    return (p for p in entries if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))


def _has_images(entries: Iterable[Path]) -> bool:
    return any(not _is_folder(path) for path in _images(entries))


def _holds_clips(folder: Path) -> bool:
    """Whether there are clips in a folder, or further down; not everything is looked at in a large one."""
    waiting, looked = [folder], 0
    while waiting:
        for path in _entries(waiting.pop(0)):
            looked += 1
            if looked > _MOST_LOOKS:
                return False
            if path.name.startswith("."):
                continue
            if not _is_folder(path):
                if _why_no(path) is None or path.suffix.lower() in IMAGE_SUFFIXES:
                    return True
            elif not path.is_symlink():
                waiting.append(path)
    return False


def _why_no(path: Path) -> str | None:
    """Why a file is no clip; None if it is one. Remembered for as long as the file stays the same."""
    try:
        state = path.stat()
    except OSError:
        return why_no_video(path)
    return _looked_at(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8192)
def _looked_at(path: Path, size: int, changed: int) -> str | None:
    reason = why_no_video(path)
    return OWN_EXPORT if reason is None and _is_export(path) else reason


def _is_export(path: Path) -> bool:
    return why_special(path) is None and is_export(path)


def _reported_outputs(entries: Iterable[Path]) -> set[Path]:
    """What the reports in a folder name as outputs that lie in it."""
    found: set[Path] = set()
    for path in entries:
        if path.name.endswith(REPORT) and why_special(path) is None:
            try:
                state = path.stat()
            except OSError:
                continue
            found.update(_outputs_of(path, state.st_size, state.st_mtime_ns))
    return found


@lru_cache(maxsize=1024)
def _outputs_of(report: Path, size: int, changed: int) -> tuple[Path, ...]:
    """The outputs that a report names; where it lies beside its output, wherever both were moved to."""
    try:
        raw = read_json(report)
        outputs, output = [Path(name) for name in raw["outputs"]], Path(raw["job"]["output"])
    except Exception:  # not one of ours, or damaged: it names nothing
        return ()
    if report.name == output.name + REPORT:
        outputs += [report.absolute().parent / path.name for path in outputs]
    return tuple(outputs)

"""The licence texts of everything the packed app brings along.

``build.spec`` calls :func:`texts` with what PyInstaller has found; it fails where a bundled distribution has no
text. As a program it looks at a packed app once more:

    python tools/bundled_licences.py dist/vsod-desktop
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = "vsod/bundled/licences"
LIBRARIES = ROOT / "resources" / "licences" / "libraries.md"
_TEXT = re.compile(r"licen[cs]e|copying|notice|third.?party|authors", re.IGNORECASE)
_CODE = {".py", ".pyc", ".so", ".pyi"}
_OURS = "vsod-desktop"


def texts(files: Iterable[str]) -> list[tuple[str, str]]:
    """(file, folder in the app) of every licence text that the distributions behind ``files`` have.

    Args:
        files: Where PyInstaller takes modules, libraries and data from.

    Raises:
        SystemExit: A distribution has none, or a library of PyAV's is not in the list of ours.
    """
    wanted = {str(Path(file).resolve()) for file in files}
    found = [(str(ROOT / "LICENSE"), PLACE), (str(ROOT / "docs" / "licences.md"), PLACE)]
    without = []
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name == _OURS or not wanted & set(_files(distribution)):
            continue
        own = licence_files(distribution)
        if not own:
            without.append(name)
        found += [(str(file), f"{PLACE}/{name}-{distribution.version}/{inner}") for file, inner in own]
    unnamed = unnamed_libraries(Path(file).name for file in wanted if "av.libs" in file)
    if without or unnamed:
        raise SystemExit(f"no licence text of: {', '.join([*without, *unnamed])}")
    return found


def licence_files(distribution: Distribution) -> list[tuple[Path, str]]:
    """(file, folder of it within the distribution's) of its licence texts."""
    found = []
    for file in distribution.files or []:
        place = Path(str(distribution.locate_file(file)))
        if file.suffix in _CODE or not place.is_file():
            continue
        kept = "dist-info" in str(file) and "licenses" in file.parts
        if kept or ("dist-info" in str(file) and _TEXT.search(file.name)):
            inner = file.parts[file.parts.index("licenses") + 1 : -1] if kept else ()
            found.append((place, "/".join(inner) or "."))
    return found


def unnamed_libraries(names: Iterable[str]) -> list[str]:
    """Libraries that ``libraries.md`` says nothing about."""
    listed = LIBRARIES.read_text(encoding="utf-8")
    stems = {re.split(r"-[0-9a-f]{8}\.|\.so|\.dylib|\.dll", name)[0] for name in names}
    return sorted(stem for stem in stems if stem and stem not in listed)


def _files(distribution: Distribution) -> list[str]:
    places = (Path(str(distribution.locate_file(file))) for file in distribution.files or [])
    return [str(place.resolve()) for place in places]


def check(app: Path) -> list[str]:
    """What is missing in a packed app."""
    place = next((p for p in (app / "_internal" / PLACE, app / PLACE) if p.is_dir()), app / PLACE)
    missing = [name for name in ("LICENSE", "licences.md") if not (place / name).is_file()]
    folders = {folder.name.rsplit("-", 1)[0].lower() for folder in place.glob("*/")}
    needed = ("av", "numpy", "torch", "openvino", "pyqt6", "pyqt6-qt6", "safetensors")
    return missing + [name for name in needed if name not in folders]


def main() -> int:
    """Check a packed app."""
    missing = check(Path(sys.argv[1]))
    if missing:
        print(f"no licence text in {sys.argv[1]} of: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

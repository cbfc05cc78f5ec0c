"""Check the shape of the source tree: circles of imports, size of folders, names of files, docstrings of packages.

    python tools/check_structure.py

Prints a line for each thing that is wrong, and ends with exit code 1 then:

* modules of ``vsod`` and ``vsod_models`` that import each other, also in a function or for type checkers alone;
* a folder of ``app/``, ``models/`` or ``tests/`` with more than 25 Python files;
* a file with a name that was given up because nobody could guess what is in it (``OLD_NAMES``);
* a package whose ``__init__.py`` has no docstring or no ``__all__``, or gives a name that one of its modules has,
  too: what that name is would depend on which of the two was loaded last;
* a class whose docstring lists an attribute that it does not have.

What is wrong today stands in ``KNOWN``. It may only shrink: what is listed there and no longer wrong is an error, too.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("vsod", "vsod_models")
SOURCES = ("app", "models")
MOST = 25  # Python files in a folder

# folder -> names of files: a file of such a name in another folder may be something else
OLD_NAMES = {
    "core": "apart choice compose flags lanes picture sound spans squeeze",
    "media": "about clock coded holes listen planes table target verify_course zerotail",
    "inference": "cards finish lanestore learning priors published windows",
    "pipeline": "adapting bakeoff byshot calibrate cast cost deliver gallery lanes lanetable pace steady survey "
    "threads",
    "cli": "inspect lanes learn words",
    "gui": "ahead bakeoff deck deeds desk drafts editing exporting looks opening overview queueroom reports running "
    "scope stage tasks words workroom",
    "dialogs": "costcard deliveryform ground",
    "panels": "cardfacts facts finish knobs looks scopebar",
    "timeline": "backdrop film flaglist foreground readout rows scrubber words",
    "viewer": "camera looksmenu",
    "prior": "features motion network storage",
    "refine": "pydense shape soft spread",
    "metrics": "sequence signs",
    "train": "adapt frames loop memory mining photos protocols ranks start synth teacher temporal videos",
    "labels": "algorithm1 fusion",
    "flow": "wheel",
    "layers": "dynamic",
}


@dataclass(frozen=True)
class Known:
    """What is wrong and will be mended.

    Attributes:
        circles: Names of the modules of each circle, with spaces between them.
        folders: Folders that are too large, and how many files they may have meanwhile.
        names: Files of :data:`OLD_NAMES`, ``folder/name`` each.
        packages: Folders of packages without a docstring.
    """

    circles: Sequence[str] = ()
    folders: tuple[tuple[str, int], ...] = ()
    names: Sequence[str] = ()
    packages: Sequence[str] = ()


KNOWN = Known()


def circles(graph: grimp.ImportGraph) -> list[list[str]]:
    """The largest groups of modules of which each imports every other, directly or by way of others; sorted."""
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    reached = {module: _reached(module, imports) for module in imports}
    groups = {tuple(sorted(m for m in reached[a] if a in reached[m])) for a in reached if a in reached[a]}
    return sorted(map(list, groups))


def _reached(start: str, imports: dict[str, set[str]]) -> set[str]:
    """All that ``start`` imports, directly or not."""
    found, waiting = set[str](), list(imports[start])
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += imports[module]
    return found


def described(circle: Sequence[str], graph: grimp.ImportGraph) -> Iterator[str]:
    """The imports between the modules of a circle, one a line, with the lines they stand in."""
    for importer in circle:
        for imported in sorted(graph.find_modules_directly_imported_by(importer) & set(circle)):
            lines = [
                str(i["line_number"]) for i in graph.get_import_details(importer=importer, imported=imported)
            ]
            yield f"  {importer} (line {', '.join(lines)}) imports {imported}"


def check_circles(packages: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """What is wrong with the imports of packages that can be imported."""
    graph = grimp.build_graph(packages[0], *packages[1:], cache_dir=None)
    found = {" ".join(circle): circle for circle in circles(graph)}
    for text in sorted(found.keys() - known):
        yield "\n".join([f"circle of imports: {text}", *described(found[text], graph)])
    yield from _mended("circle", known, found)


def check_folders(files: Iterable[Path], known: Sequence[tuple[str, int]]) -> Iterator[str]:
    """What is wrong with the number of files in folders.

    Args:
        files: Python files, as seen from the root.
        known: Folders that may have more, and how many.
    """
    counts = dict[str, int]()
    for file in files:
        counts[file.parent.as_posix()] = counts.get(file.parent.as_posix(), 0) + 1
    allowed = dict(known)
    for folder, count in sorted(counts.items()):
        if count > (most := allowed.get(folder, MOST)):
            yield f"{folder} has {count} Python files, {most} are allowed"
    yield from _mended("large folder", allowed, {folder for folder, count in counts.items() if count > MOST})


def check_names(files: Iterable[Path], known: Sequence[str]) -> Iterator[str]:
    """What is wrong with the names of Python files."""
    old = {f"{folder}/{name}" for folder, names in OLD_NAMES.items() for name in names.split()}
    found = {f"{file.parent.name}/{file.stem}": file.as_posix() for file in files}
    for name in sorted(found.keys() & old - set(known)):
        yield f"{found[name]} has a name that was given up"
    yield from _mended("name", known, found.keys() & old)


def check_packages(root: Path, files: Iterable[Path], known: Sequence[str]) -> Iterator[str]:
    """What is wrong with the docstrings of packages, and with what they say is public."""
    bare = set[str]()
    for file in files:
        if file.name != "__init__.py":
            continue
        tree = ast.parse((root / file).read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            bare.add(file.parent.as_posix())
        public = {name.id for node in tree.body for name in ast.walk(node) if isinstance(name, ast.Name)}
        if "__all__" not in public:
            yield f"{file.parent.as_posix()} has no __all__ in its __init__.py"
    yield from (f"{folder} has no docstring in its __init__.py" for folder in sorted(bare - set(known)))
    yield from _mended("package without a docstring", known, bare)


def check_shadows(root: Path, files: Iterable[Path]) -> Iterator[str]:
    """What is wrong with the names that packages give."""
    for file in files:
        if file.name == "__init__.py":
            given = {
                node.name
                for node in ast.parse((root / file).read_text(encoding="utf-8")).body
                if hasattr(node, "name")
            }
            modules = {other.stem for other in (root / file.parent).iterdir()}
            yield from (
                f"{file.parent.as_posix()}: {name} is both a module and a name of the package"
                for name in sorted(given & modules)
            )


def check_attributes(root: Path, files: Iterable[Path]) -> Iterator[str]:
    """What is wrong with the ``Attributes`` sections of classes."""
    for file in files:
        for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                listed = _listed_attributes(ast.get_docstring(node) or "")
                missing = [name for name in listed if name not in _names_set(node)]
                yield from (f"{file.as_posix()}: {node.name} has no attribute {name}" for name in missing)


def _listed_attributes(docstring: str) -> list[str]:
    """Names in the ``Attributes`` section of a docstring, in Google's form."""
    section = re.search(r"^Attributes:\n((?: .*\n?|\n)*)", docstring, re.MULTILINE)
    lines = re.findall(r"^ {4}(\w+(?:, \w+)*):", section.group(1), re.MULTILINE) if section else []
    return [name for line in lines for name in line.split(", ")]


def _names_set(node: ast.ClassDef) -> set[str]:
    """All that a class defines or sets, on itself or on anything in its methods."""
    found = set[str]()
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute) and isinstance(part.ctx, ast.Store):
            found.add(part.id if isinstance(part, ast.Name) else part.attr)
        elif isinstance(part, ast.FunctionDef):
            found.add(part.name)
    return found


def _mended(what: str, known: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    gone = sorted(set(known) - set(found))
    yield from (f"{what} is no longer there, take it out of KNOWN: {name}" for name in gone)


def python_files(root: Path, *folders: str) -> list[Path]:
    """The Python files in folders of ``root``, as seen from there."""
    return sorted(file.relative_to(root) for folder in folders for file in (root / folder).rglob("*.py"))


def faults(known: Known = KNOWN) -> list[str]:
    """All that is wrong with this tree and not known, and all that is known and not wrong."""
    sources = python_files(ROOT, *SOURCES)
    return [
        *check_circles(PACKAGES, known.circles),
        *check_folders([*sources, *python_files(ROOT, "tests")], known.folders),
        *check_names(sources, known.names),
        *check_packages(ROOT, sources, known.packages),
        *check_shadows(ROOT, sources),
        *check_attributes(ROOT, sources),
    ]


def main() -> int:
    """Check this tree. Gives the exit code."""
    found = faults()
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

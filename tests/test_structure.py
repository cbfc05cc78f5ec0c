"""The source tree has no circles of imports, no crowded folders, no names that say nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import check_structure
from check_structure import (
    check_attributes,
    check_circles,
    check_folders,
    check_names,
    check_packages,
    check_shadows,
)


def test_the_tree_is_as_it_should_be():
    assert check_structure.faults() == []


def test_what_is_known_may_only_shrink():
    known = check_structure.KNOWN
    more = check_structure.Known(
        circles=(*known.circles, "vsod.errors vsod.paths"),
        folders=(*known.folders, ("app/vsod/nowhere", 40)),
        names=(*known.names, "core/sound"),
        packages=(*known.packages, "app/vsod"),
    )
    found = check_structure.faults(more)
    assert len(found) == 4 and all("take it out of KNOWN" in line for line in found)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of three modules of which two import each other, one of them for type checkers alone."""
    folder = tmp_path / "made_up_for_the_structure_test"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "inner" / "__init__.py").write_text('"""Inner."""\n')
    name = folder.name
    (folder / "inner" / "one.py").write_text(f"def f():\n    from {name} import two\n    return two\n")
    (folder / "two.py").write_text(
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
        f"    from {name}.inner.one import f\n\nimport {name}.three\n"
    )
    (folder / "three.py").write_text("import json\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_a_circle_is_found(package):
    name = package.name
    (found,) = check_circles([name], [])
    assert found.splitlines() == [
        f"circle of imports: {name}.inner.one {name}.two",
        f"  {name}.inner.one (line 2) imports {name}.two",
        f"  {name}.two (line 4) imports {name}.inner.one",
    ]
    assert list(check_circles([name], [f"{name}.inner.one {name}.two"])) == []


def test_a_mended_circle_has_to_leave_the_list(package):
    name = package.name
    (package / "two.py").write_text("")
    (found,) = check_circles([name], [f"{name}.inner.one {name}.two"])
    assert "no longer there" in found


def test_a_crowded_folder_is_found():
    files = [Path(f"app/a/m{k}.py") for k in range(26)] + [Path(f"app/a/b/m{k}.py") for k in range(25)]
    assert list(check_folders(files, [])) == ["app/a has 26 Python files, 25 are allowed"]
    assert list(check_folders(files, [("app/a", 26)])) == []
    assert len(list(check_folders([*files, Path("app/a/one.py")], [("app/a", 26)]))) == 1
    assert "no longer there" in "".join(check_folders(files[1:], [("app/a", 26)]))


def test_a_name_that_was_given_up_is_found_in_its_folder_alone():
    files = [
        Path("app/vsod/core/sound.py"),
        Path("app/vsod/gui/sound.py"),
        Path("app/vsod/media/pixels/planes.py"),
    ]
    assert list(check_names(files, [])) == ["app/vsod/core/sound.py has a name that was given up"]
    assert list(check_names(files, ["core/sound"])) == []


def test_a_package_without_a_docstring_is_found(package):
    files = [f.relative_to(package.parent) for f in package.rglob("*.py")]
    assert list(check_packages(package.parent, files, [])) == [
        f"{package.name} has no __all__ in its __init__.py",
        f"{package.name}/inner has no __all__ in its __init__.py",
        f"{package.name} has no docstring in its __init__.py",
    ]
    (package / "__init__.py").write_text('"""Made up."""\n\n__all__ = ["two"]\n')
    assert list(check_packages(package.parent, files, [])) == [
        f"{package.name}/inner has no __all__ in its __init__.py"
    ]


def test_a_name_that_a_module_of_the_package_has_too_is_found(package):
    files = [f.relative_to(package.parent) for f in package.rglob("*.py")]
    assert list(check_shadows(package.parent, files)) == []
    (package / "__init__.py").write_text("def one(): ...\n\n\ndef two(): ...\n")
    assert list(check_shadows(package.parent, files)) == [
        f"{package.name}: two is both a module and a name of the package"
    ]


def test_an_attribute_that_is_not_there_is_found(package):
    file = package / "three.py"
    file.write_text(
        'class Point:\n    """A point.\n\n    Attributes:\n        x, y: Where it is.\n        name: Of it:\n'
        "            more of that.\n\n    Raises:\n        z: Never.\n"
        '    """\n\n    x: int\n\n    def __init__(self):\n        self.name = ""\n'
    )
    found = list(check_attributes(package, [Path("three.py")]))
    assert found == ["three.py: Point has no attribute y"]
    file.write_text(file.read_text().replace("x: int", "x: int\n    y: int = 0"))
    assert list(check_attributes(package, [Path("three.py")])) == []

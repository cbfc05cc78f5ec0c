"""Advice for names that no format is chosen by: what it names can really be done."""

import re
import shlex

import pytest

from vsod.errors import UnknownFormat, UsageError
from vsod.media.formats.registry import check_suffix, format_by_id, format_for_path
from vsod.media.formats.table import FORMATS

NAMES = (
    "x.avi",
    "x.tif",
    "x.exr",
    "my shot.png",
    "x.jpg",
    "shot.####.exr",
    "shot.0001.dpx",
    "x.mxf",
    "x.m4v",
    "x.gif",
)


@pytest.mark.parametrize("content", ["matte", "fill", "cutout"])
@pytest.mark.parametrize("name", [*NAMES, "x.y4m", "x.wmv", "shot.v2", "x.wav"])
def test_the_advice_for_a_suffix_works(tmp_path, name, content):
    with pytest.raises(UnknownFormat) as caught:
        format_for_path(tmp_path / name, content)
    words = shlex.split(caught.value.fix)
    id = words[words.index("--format") + 1].rstrip(".,")
    output = tmp_path / name
    if "-o" in words:
        output = type(tmp_path)(words[words.index("-o") + 1])
    fmt = format_by_id(id)
    check_suffix(output, fmt)
    assert content in fmt.contents


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x.avi", "AVI needs a format by name.* --format utvideo"),
        ("x.tif", "goes into a folder: -o .*/x --format tiff16"),
        ("shot.%04d.exr", "goes into a folder: -o .*/shot --format exr"),
        ("x.mxf", "-o .*/x.mov --format dnxhr-hqx"),
    ],
)
def test_the_advice_is_of_the_kind_that_was_asked_for(tmp_path, name, said):
    with pytest.raises(UnknownFormat, match=re.compile(said)):
        format_for_path(tmp_path / name)


@pytest.mark.parametrize(("id", "name"), [("tiff16", "x.tif"), ("png8", "x.mov"), ("exr", "x.####.exr")])
def test_an_image_sequence_is_no_file(tmp_path, id, name):
    with pytest.raises(UsageError, match="goes into a folder"):
        check_suffix(tmp_path / name, FORMATS[id])
    check_suffix(tmp_path / "shot.v2", FORMATS[id])
    (tmp_path / name).mkdir()
    check_suffix(tmp_path / name, FORMATS[id])

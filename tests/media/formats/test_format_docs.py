"""docs/formats.md says what the code does."""

import pytest

from helpers.repository import ROOT
from vsod.media.formats.table import FORMATS
from vsod.media.verify.format_exactness import format_table, measure_exactness

DOCS = ROOT / "docs" / "formats.md"


def test_the_table_is_the_codes():
    text = DOCS.read_text(encoding="utf-8")
    assert text.split("<!-- formats -->\n")[1].split("<!-- /formats -->")[0] == format_table()


@pytest.mark.parametrize(
    ("id", "content"), [(f.id, w) for f in FORMATS.values() for w in f.contents if w != "fill"]
)
def test_exactness_is_what_the_docs_say(id, content):
    """T19: number of levels and ends, as printed in the docs."""
    found = measure_exactness(FORMATS[id], content)
    row = f"| `{id}` | {content} | {found.levels:,} | "
    assert row in DOCS.read_text(encoding="utf-8")
    coding = FORMATS[id].coding(content)
    if coding.lossless:
        assert found.ends and found.levels == {8: 220 if coding.levels == "legal" else 256, 16: 6144}.get(
            coding.bit_depth, found.levels
        )

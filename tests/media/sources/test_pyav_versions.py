"""What PyAV 19 takes no more is not passed to it."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from vsod.media.sources.container import _tag_options
from vsod.pipeline import bench


@pytest.mark.parametrize(("version", "told"), [("18.1.0", True), ("19.0.0", False), ("20.0.0rc1", False)])
def test_tags_that_are_no_utf8(version: str, told: bool) -> None:
    assert ("metadata_errors" in _tag_options(version)) == told


def test_a_system_without_resource_still_opens_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "resource":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert bench.peak_mb() == 0

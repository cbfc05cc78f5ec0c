"""Stored names that changed are read with the names of now, and signatures stay what they were."""

from __future__ import annotations

import json
import struct

import pytest

from vsod.core import old_keys
from vsod.core.clip_settings import ClipSettings
from vsod.core.job import JobSpec
from vsod.inference.adapted_weights import AdaptationResult, read_outcome
from vsod.inference.model_registry import list_models, read_model_spec
from vsod.inference.model_signature import compute_signature
from vsod.storage import envelope

OLD_SPEC = {
    "commercial_use": "paid_work",
    "inputs": "reads",
    "flow_image": "wheel",
    "static_prior": "still",
    "decision_threshold": "half",
    '"chunks"': '"clips"',
    "vsod_models.networks.": "vsod_models.",
}


def test_the_new_name_counts_where_both_are_there():
    assert old_keys.renamed({"card": 1, "format": 2}, old_keys.CLIP_SETTINGS) == {"model": 1, "format": 2}
    assert old_keys.renamed({"card": 1, "model": 2}, old_keys.CLIP_SETTINGS) == {"model": 2}
    assert old_keys.renamed({"model": 2, "card": 1}, old_keys.CLIP_SETTINGS) == {"model": 2}


@pytest.mark.parametrize("model", list_models(), ids=lambda model: model.id)
def test_a_model_spec_with_the_old_words_is_the_same_model_with_the_same_maps(model, tmp_path):
    text = model.source.read_text()
    old = text
    for new, word in OLD_SPEC.items():
        old = old.replace(new, word)
    assert old != text
    (tmp_path / "old.toml").write_text(old)
    (tmp_path / "new.toml").write_text(text)
    was, now = read_model_spec(tmp_path / "old.toml"), read_model_spec(tmp_path / "new.toml")
    assert was.problem is None and now.problem is None
    assert (was.entry, was.inputs, was.chunked_window) == (now.entry, now.inputs, now.chunked_window)
    assert (was.decision_threshold, was.static_prior) == (now.decision_threshold, now.static_prior)
    assert was.commercial_use == now.commercial_use
    assert compute_signature(was) == compute_signature(now) == compute_signature(model)


def test_signatures_are_those_of_the_version_before():
    """Maps made with 0.1.0's last state carry these: another one would compute every map once more."""
    known = {
        "swift": "24b2403f4289b128e690582e489d4849d093100d5b6b432034ca3d5872b7b0aa",
        "dsnet": "c20eed223764dd692ac97958fe4e13daf0ff69d8fd6c62a5fc434dedabe6ed9d",
    }
    pinned = {
        "swift": "cf74586a980277437537612189c057f37c7f0374fddde86724bd6cec8844e245",
        "dsnet": "13e238b784a7f3f272e1f80cb477a276c65502df8a80617d5b19b03b9a14a5e1",
    }
    same = [model for model in list_models() if pinned.get(model.id) == model.sha256]
    if not same:
        pytest.skip("both have other weights since")
    for model in same:
        assert compute_signature(model) == known[model.id]


def test_what_came_of_adapting_is_read(tmp_path):
    words = json.dumps({"trusted": True, "agreement": 0.9, "doubt_before": 0.4, "doubt_after": 0.1}).encode()
    envelope.write(tmp_path / "a", "adapted", [struct.pack("<I", len(words)), words, b"weights"], key="key")
    assert read_outcome(tmp_path / "a", "key") == AdaptationResult(True, 0.9, 0.4, 0.1)


def test_a_job_of_before_is_the_same_job(tmp_path):
    now = JobSpec(tmp_path / "a.mp4", tmp_path / "m.mov", ClipSettings("studio"), overwrite=False)
    raw = json.loads(now.to_json())
    raw["card"], raw["finish"], raw["delivery"] = raw.pop("model"), raw.pop("matte"), raw.pop("export")
    raw["finish"]["stabilise"] = raw["finish"].pop("temporal_smoothing")
    raw["delivery"]["what"] = raw["delivery"].pop("kind")
    assert JobSpec.from_json(json.dumps(raw)) == now

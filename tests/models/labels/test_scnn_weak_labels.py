import json

import numpy as np
import pytest

from vsod_models.labels.otsu import otsu_mask
from vsod_models.labels.scnn_weak_labels import WeakLabelling, WeakLabelSettings, split_held_out

H, W = 24, 32
KEYS = [f"{clip}/{k:05d}" for clip in "abcdef" for k in range(5)]
LABELLED = [k for k in KEYS if k[0] in "abcde"]
UNLABELLED = [k for k in KEYS if k[0] == "f"]


def truth(key):
    k = int(key[-5:])
    mask = np.zeros((H, W), bool)
    mask[6:16, 4 + 3 * k : 14 + 3 * k] = True
    return mask


def maps(key):
    """Three models: weak, noisy, each blind in a place of its own."""
    rng = np.random.default_rng([ord(c) for c in key])
    out = np.stack([0.45 * truth(key) + 0.55 * rng.random((H, W)) for _ in range(3)])
    for i in range(3):
        out[i, 6 + 3 * i : 9 + 3 * i] = 0.2 * rng.random((3, W))
    return out.astype(np.float32)


class Student:
    """Learns what share of its labels is right: its maps are the truth under ever less noise."""

    def __init__(self, gain=0.35):
        self.skill, self.gain = 0.0, gain
        self.seen = []

    def train_epoch(self, labels):
        self.seen.append(sorted(labels))
        right = np.mean([iou(labels[key], truth(key)) for key in labels])
        self.skill += self.gain * right * (1 - self.skill)
        return 1 - self.skill

    def predict(self, keys):
        for key in keys:
            rng = np.random.default_rng([7, *map(ord, key)])
            # half the size of the maps: the loop has to fit it
            noise = rng.random((H // 2, W // 2))
            small = truth(key)[::2, ::2]
            yield (self.skill * small + (1 - self.skill) * noise).astype(np.float32)

    def save(self, folder):
        (folder / "student.json").write_text(json.dumps(self.skill))

    def load(self, folder):
        self.skill = json.loads((folder / "student.json").read_text())


class Hopeless(Student):
    def train_epoch(self, labels):
        self.seen.append(sorted(labels))
        return 1.0

    def predict(self, keys):
        for key in keys:
            yield 1 - truth(key).astype(np.float32)


def iou(a, b):
    return (a & b).sum() / max((a | b).sum(), 1)


def loop(folder, learner=None, **settings):
    return WeakLabelling(
        folder, LABELLED, UNLABELLED, maps, truth, learner or Student(), WeakLabelSettings(**settings)
    )


def quality(run):
    return np.mean([iou(run.label(key), truth(key)) for key in UNLABELLED])


def test_labels_get_better_and_the_net_takes_over(tmp_path):
    run = loop(tmp_path, rounds=6, agree=1.0)
    qualities, rounds = [], []
    for done in run.run():
        rounds.append(done)
        qualities.append(quality(run))
    assert [r.number for r in rounds] == list(range(7))
    assert len(rounds[0].weights) == 3 and all(len(r.weights) == 4 for r in rounds[1:])
    assert all(min(r.weights) >= 0 and sum(r.weights) == pytest.approx(1) for r in rounds)
    assert qualities[-1] > qualities[0] + 0.1
    assert rounds[-1].weights[3] > rounds[1].weights[3] and rounds[-1].weights[3] > 0.5
    assert rounds[-1].error < rounds[1].error and rounds[-1].loss < rounds[1].loss
    assert run.finished and list(run.run()) == []


def test_round_zero_is_the_fused_models_under_otsu(tmp_path):
    run = loop(tmp_path, rounds=1)
    first = next(run.run())
    for key in UNLABELLED:
        fused = np.tensordot(np.array(first.weights, np.float32), maps(key), 1)
        assert np.array_equal(run.label(key), otsu_mask(fused))


def test_it_ends_when_two_rounds_agree(tmp_path):
    rounds = list(loop(tmp_path, rounds=40, agree=0.9).run())
    assert 1 < len(rounds) < 41
    assert rounds[-1].agreement > 0.9 and rounds[-1].weights[-1] > 0
    assert all(r.agreement <= 0.9 or r.weights[-1] == 0 for r in rounds[:-1])


def test_a_net_without_a_say_does_not_end_it(tmp_path):
    rounds = list(loop(tmp_path, Hopeless(), rounds=3, held_out=0).run())
    assert len(rounds) == 4 and all(r.weights[3] == 0 and r.agreement == 1 for r in rounds[1:])


def test_the_net_never_trains_on_the_held_out_frames(tmp_path):
    student = Student()
    list(loop(tmp_path, student, rounds=1).run())
    trained, held = split_held_out(LABELLED, 0.2)
    assert student.seen == [sorted(trained + UNLABELLED)] and held and not set(held) & set(student.seen[0])


def test_labels_too_small_or_too_big_are_not_trained_on(tmp_path):
    sizes = dict(zip(UNLABELLED, (0.001, 0.006, 0.3, 0.79, 0.9), strict=True))

    def some(key):
        if key not in sizes:
            return maps(key)
        flat = np.zeros((3, H, W), np.float32)
        flat.reshape(3, -1)[:, : round(H * W * sizes[key])] = 0.9
        return flat

    student = Student()
    run = WeakLabelling(tmp_path, LABELLED, UNLABELLED, some, truth, student, WeakLabelSettings(rounds=1))
    first, second = run.run()
    assert (first.kept, first.dropped) == (3, 2) and second.kept + second.dropped == 5
    assert set(student.seen[0]) & set(UNLABELLED) == set(UNLABELLED[1:4])


def test_a_stopped_run_goes_on_to_the_same_end(tmp_path):
    whole = loop(tmp_path / "whole", rounds=5, agree=1.0)
    expected = list(whole.run())

    class Stopped(Exception):
        pass

    class Clumsy(Student):
        def predict(self, keys):
            for k, saliency in enumerate(super().predict(keys)):
                if len(self.seen) == 3 and keys == UNLABELLED and k == 2:
                    raise Stopped
                yield saliency

    with pytest.raises(Stopped):
        list(loop(tmp_path / "cut", Clumsy(), rounds=5, agree=1.0).run())
    assert [p.name for p in (tmp_path / "cut").glob("round-*")] == ["round-02"]
    again = loop(tmp_path / "cut", Student(), rounds=5, agree=1.0)
    assert [r.number for r in again.run()] == [3, 4, 5]
    assert again.history == expected
    for key in UNLABELLED:
        assert np.array_equal(again.label(key), whole.label(key))


def test_a_finished_run_can_be_prolonged(tmp_path):
    list(loop(tmp_path, rounds=2, agree=1.0).run())
    assert list(loop(tmp_path, rounds=2, agree=1.0).run()) == []
    more = loop(tmp_path, rounds=3, agree=1.0)
    assert [r.number for r in more.run()] == [3]


def test_an_older_round_left_behind_is_cleared(tmp_path):
    run = loop(tmp_path, rounds=2, agree=1.0)
    list(run.run())
    (tmp_path / "round-01").mkdir()
    (tmp_path / "round-01" / "record.json").write_text("{}")
    assert loop(tmp_path, rounds=2).history[-1].number == 2
    assert [p.name for p in tmp_path.glob("round-*")] == ["round-02"]


def test_another_runs_folder_is_refused(tmp_path):
    list(loop(tmp_path, rounds=1).run())
    with pytest.raises(ValueError, match="other frames"):
        WeakLabelling(tmp_path, LABELLED[1:], UNLABELLED, maps, truth, Student())


def test_both_kinds_of_frames_are_needed(tmp_path):
    for labelled, unlabelled in (([], UNLABELLED), (LABELLED, [])):
        with pytest.raises(ValueError, match="needs frames"):
            WeakLabelling(tmp_path, labelled, unlabelled, maps, truth, Student())
    with pytest.raises(FileNotFoundError):
        loop(tmp_path).label(UNLABELLED[0])


def test_whole_clips_are_held_out_where_there_are_enough():
    trained, held = split_held_out(LABELLED, 0.2)
    assert {k[0] for k in held} == {"e"} and {k[0] for k in trained} == set("abcd")


def test_with_few_clips_one_is_held_out_and_of_one_clip_its_end():
    trained, held = split_held_out([k for k in LABELLED if k[0] in "ab"], 0.2)
    assert {k[0] for k in held} == {"b"} and {k[0] for k in trained} == {"a"}
    trained, held = split_held_out([k for k in LABELLED if k[0] == "a"], 0.2)
    assert held == ["a/00004"] and len(trained) == 4
    assert split_held_out(["a/00000"], 0.2) == (["a/00000"], ["a/00000"])
    assert split_held_out(["a/0", "a/1"], 0) == (["a/0", "a/1"], ["a/0", "a/1"])

"""SCNN as Algorithm 1's learner, on frames whose subject is the bright square, and whose prior shows another."""

import numpy as np
import pytest
import torch

from vsod.lab.labels.scnn_learner import LearnerSettings, ScnnLearner
from vsod_models.networks.scnn import SCNN

KEYS = [f"{clip}/{k:05d}" for clip in "ab" for k in range(4)]


def mask(key):
    out = np.zeros((32, 64) if key[0] == "a" else (64, 32), bool)
    k = int(key[-1])
    out[4 + 2 * k : 20 + 2 * k, 4 + 3 * k : 20 + 3 * k] = True
    return out


def prior(key):
    """What moves: a stripe that has nothing to do with the subject."""
    out = np.zeros(mask(key).shape, bool)
    out[:, 2 + 6 * int(key[-1]) : 8 + 6 * int(key[-1])] = True
    return out


def frame(key):
    rng = np.random.default_rng(list(map(ord, key)))
    subject = mask(key)
    rgb = rng.integers(0, 60, (*subject.shape, 3)) + subject[..., None] * 170
    return np.dstack((rgb, prior(key) * 255)).astype(np.uint8)


FRAMES = {key: frame(key) for key in KEYS}
# one label in another size than the frame
LABELS = {key: mask(key) for key in KEYS[:6]} | {KEYS[6]: mask(KEYS[6]).repeat(2, 0).repeat(2, 1)}


def learner(rate=0.02):
    torch.manual_seed(0)
    net = SCNN(backbone="mobilenet_v2", width=0.25, fc_channels=16)
    return ScnnLearner(net, FRAMES, LearnerSettings(rate=rate, backbone=1.0, batch=2, seed=3))


def test_it_learns_and_goes_on_exactly_where_it_was(tmp_path):
    one = learner()
    losses = [one.train_epoch(LABELS) for _ in range(3)]
    assert losses[-1] < losses[0]
    one.save(tmp_path)
    two = learner()
    two.load(tmp_path)
    assert one.train_epoch(LABELS) == two.train_epoch(LABELS)
    for a, b in zip(one.predict(KEYS), two.predict(KEYS), strict=True):
        assert np.array_equal(a, b)


class Pixel(torch.nn.Module):
    """Called as SCNN is, and quicker to teach: a weight for red, green, blue and the prior."""

    def __init__(self):
        super().__init__()
        self.mix = torch.nn.Conv2d(4, 1, 1)
        torch.nn.init.zeros_(self.mix.weight)

    def forward(self, image, prior):
        logits = self.mix(torch.cat((image, prior), 1))
        return (logits, []) if self.training else logits

    def backbone_parameters(self):
        return []


@pytest.mark.parametrize(
    ("label", "sign", "other"), [(mask, 1, prior), (prior, 1, mask), (lambda key: ~mask(key), -1, prior)]
)
def test_it_is_the_labels_that_teach(label, sign, other):
    """Of the same frames other labels make other maps: of the subject, of what moves, of the rest."""
    one = ScnnLearner(Pixel(), FRAMES, LearnerSettings(rate=1.0, batch=2, seed=3))
    for _ in range(20):
        one.train_epoch({key: label(key) for key in KEYS})
    maps = dict(zip(KEYS, one.predict(KEYS), strict=True))

    def apart(of):
        return float(np.mean([m[of(key)].mean() - m[~of(key)].mean() for key, m in maps.items()]))

    about = prior if label is prior else mask
    assert sign * apart(about) > 0.5 > 2 * abs(apart(other))


def test_maps_come_in_the_order_asked_for_and_in_the_frames_size():
    found = list(learner().predict([KEYS[5], KEYS[0]]))
    assert [m.shape for m in found] == [(64, 32), (32, 64)]
    assert all(m.dtype == np.float32 and m.min() >= 0 and m.max() <= 1 for m in found)


def test_it_can_learn_while_somebody_still_holds_its_maps():
    one = learner()
    half_read = one.predict(KEYS)
    next(half_read)
    assert one.train_epoch(LABELS) > 0 and not torch.is_inference_mode_enabled()


def test_what_it_saves_is_the_net(tmp_path):
    from vsod_models.weights import load_weights

    one = learner()
    one.save(tmp_path)
    net = SCNN(backbone="mobilenet_v2", width=0.25, fc_channels=16)
    net.load_state_dict(load_weights(tmp_path / "weights.safetensors"), strict=False)
    image = torch.from_numpy(FRAMES[KEYS[0]]).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        theirs = torch.sigmoid(net.eval()(image[:, :3], image[:, 3:]))[0, 0].numpy()
    # weights are stored in bfloat16
    assert next(one.predict(KEYS[:1])) == pytest.approx(theirs, abs=0.02)


def test_a_pretrained_layer_learns_slower():
    still = ScnnLearner(
        SCNN(backbone="mobilenet_v2", width=0.25, fc_channels=16),
        FRAMES,
        LearnerSettings(rate=0.01, backbone=0.0),
    )
    net = still._net
    before = {k: v.clone() for k, v in net.state_dict().items()}
    still.train_epoch(LABELS)
    pretrained = {id(p) for p in net.backbone_parameters()}
    changed = {
        name: not torch.equal(p, before[name])
        for name, p in net.named_parameters()
        if id(p) not in pretrained
    }
    held = [torch.equal(p, before[name]) for name, p in net.named_parameters() if id(p) in pretrained]
    assert all(held) and held and any(changed.values())

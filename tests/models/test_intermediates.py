"""What networks hand out on the way to their map: the papers' equations, recomputed from it."""

import importlib
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from vsod_models import create_network, list_networks
from vsod_models.intermediates import record, record_channels, recording

COMPACT = {"dsnet", "msst", "pdb", "scnn", "stan"}


def network(name, **options):
    torch.manual_seed(1)
    return create_network(name, **({"backbone": "mobilenet_v2"} if name in COMPACT else {}), **options).eval()


def inputs(name):
    torch.manual_seed(2)
    image = torch.rand(1, 3, 64, 96)
    return {
        "dsnet": (image, torch.rand(1, 3, 64, 96)),
        "scnn": (image, torch.rand(1, 1, 64, 96)),
        "msst": (torch.rand(1, 4, 3, 64, 96), torch.rand(1, 4, 1, 64, 96)),
        "stan": (torch.rand(1, 4, 3, 64, 96), torch.rand(1, 4, 1, 64, 96)),
        "pdb": (torch.rand(1, 5, 3, 64, 96),),
    }.get(name, (image, torch.rand(1, 6, 32, 48)))


def looked_into(name, **options):
    """Logits, what was handed out as numpy arrays in float64, and the network."""
    net = network(name, **options)
    with recording() as found, torch.inference_mode():
        logits = net(*inputs(name))
    return logits.numpy(), {k: as_array(v) for k, v in found.items()}, net


def as_array(value):
    return value.double().numpy() if isinstance(value, torch.Tensor) else [as_array(v) for v in value]


def test_nothing_is_taken_outside_of_a_recording():
    with recording() as outer:
        record(a=torch.ones(1))
        with recording() as inner:
            record(a=torch.zeros(1), b=torch.ones(1))
        record(a=torch.zeros(1))
    record(c=torch.ones(1))
    assert set(outer) == {"a"} and outer["a"] == 1, "the first of a name is kept"
    assert set(inner) == {"a", "b"} and inner["a"] == 0
    with recording() as found:
        record_channels(("x", "y", "z"), torch.arange(4.0).reshape(1, 2, 1, 2))
    assert {k: v.flatten().tolist() for k, v in found.items()} == {"x": [0, 1], "y": [2, 3]}


@pytest.mark.parametrize("name", list_networks())
def test_a_network_hands_out_what_it_declares_and_answers_the_same(name):
    logits, found, net = looked_into(name)
    declared = getattr(importlib.import_module(f"vsod_models.networks.{name}"), "INTERMEDIATES", {})
    assert set(found) == set(declared)
    with torch.inference_mode():
        assert np.array_equal(net(*inputs(name)).numpy(), logits)
    for what, intermediate in declared.items():
        assert intermediate.title and (intermediate.reference or name in ("swift", "studio"))
        parts = found[what] if isinstance(found[what], list) else [found[what]]
        assert intermediate.scales == (5 if intermediate.kind == "weights" else len(parts))
        if intermediate.kind == "weights":
            assert parts[0].shape == (1, 5)
        elif intermediate.kind != "features":
            assert all(part.shape[:2] == (1, 1) for part in parts)
        if intermediate.kind == "probability":
            assert all(part.min() >= 0 and part.max() <= 1 for part in parts)


def test_the_graph_that_is_converted_does_not_know_of_it(monkeypatch):
    net, window = network("stan"), torch.rand(1, 4, 4, 8, 12)

    class Mix(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, window):
            return self.net.mix(window)[0]

    def operations():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit.trace: OpenVINO still reads it
            traced = torch.jit.trace(Mix().eval(), window, check_trace=False)
        return [node.kind() for node in traced.inlined_graph.nodes()]

    with_hook = operations()
    monkeypatch.setattr("vsod_models.networks.stan.record_channels", lambda *_: None)
    assert with_hook == operations() and len(with_hook) > 50


def test_dsnet_weights_are_equations_1_to_3_and_6():
    _, found, _ = looked_into("dsnet", tau=0.02)
    w_s, w_t = found["w_s"][0], found["w_t"][0]
    assert (w_s >= 0).all() and len(w_s) == 5
    v_s = np.exp(w_s) / (np.exp(w_s) + np.exp(w_t))
    assert np.allclose(found["v_s"][0], v_s, atol=1e-6)
    assert np.allclose(found["v_s"] + found["v_t"], 1, atol=1e-6)
    left_out = 0
    for scale, (s, t) in enumerate(zip(found["v_s"][0], found["v_t"][0], strict=True)):
        kept = (0, t) if t - s > 0.02 else (s, 0) if t - s < -0.02 else (s, t)
        assert (found["u_s"][0, scale], found["u_t"][0, scale]) == kept
        left_out += 0 in kept
    assert left_out > 0, "the threshold has done something"
    share = found["v_s"].sum() / (found["v_s"].sum() + found["v_t"].sum())
    mixed = share * found["S_s"] + (1 - share) * found["S_t"]
    assert np.allclose(found["S_c"], mixed, atol=1e-6)
    assert [f.shape[-2:] for f in found["f_s"]] == [(16, 24), (8, 12), (4, 6), (4, 6), (4, 6)]


def test_variants_hand_out_what_they_have():
    _, found, _ = looked_into("dsnet", variant="M1")
    assert set(found) == {"v_s", "v_t", "u_s", "u_t", "f_s", "f_t"} and (found["u_t"] == 1).all()
    _, found, _ = looked_into("stan", variant="STC")
    assert {k for k in found if k[0] in "AO"} == {"O_st", "O_c"}
    _, found, _ = looked_into("msst", variant="OS")
    assert set(found) == {"X_s1", "X_s2"}


def test_stan_attention_is_a_softmax_and_weighs_the_outputs():
    logits, found, net = looked_into("stan")
    outputs = np.concatenate([found[k] for k in ("O_st", "O_m", "O_c")], 1)
    weights = np.concatenate([found[k] for k in ("A_st", "A_m", "A_c")], 1)
    assert np.allclose(weights.sum(1), 1, atol=1e-6)
    first, _, second = net.attention
    with torch.inference_mode():
        hidden = F.conv2d(torch.from_numpy(outputs).float(), first.weight, first.bias, padding=1).clamp_min(0)
        scores = F.conv2d(hidden, second.weight, second.bias).double().numpy()
    powers = np.exp(scores - scores.max(1, keepdims=True))
    assert np.allclose(weights, powers / powers.sum(1, keepdims=True), atol=1e-5)
    summed = torch.from_numpy((weights * outputs).sum(1, keepdims=True))
    large = F.interpolate(summed, size=(64, 96), mode="bilinear", align_corners=False)
    assert np.allclose(large.numpy(), logits[:, 0], atol=1e-5)


def test_msst_sums_streams_and_memory():
    logits, found, net = looked_into("msst")
    summed = found["O_T"].copy()
    for mixed, names in ((net.fuse_spatial, ("X_s1", "X_s2")), (net.fuse_temporal, ("X_t1", "X_t2"))):
        for weight, name in zip(mixed.weight.detach().double().numpy()[0, :, 0, 0], names, strict=True):
            summed += weight * found[name]
        summed += float(mixed.bias.detach())
    large = F.interpolate(torch.from_numpy(summed), size=(64, 96), mode="bilinear", align_corners=False)
    assert np.allclose(large.numpy(), logits[:, 0], atol=1e-5)


def test_scnn_multiplies_what_stands_out_with_what_moves():
    _, found, _ = looked_into("scnn")
    prior = inputs("scnn")[1].double().numpy()
    assert np.array_equal(found["P_t"], prior)
    assert np.allclose(found["P"], prior / (1 + np.exp(-found["P_s"])), atol=1e-6)


def test_gates_say_how_far_motion_is_believed():
    """Of Studio, those of the near zoom."""
    for name in ("swift", "studio"):
        _, found, _ = looked_into(name)
        assert [gate.shape[-2:] for gate in found["gate"]] == [(16, 24), (8, 12), (4, 6), (2, 3)]

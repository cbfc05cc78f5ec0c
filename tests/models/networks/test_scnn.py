"""SCNN is the cascade of its paper: sizes, the product of the two maps, every ablation, what learns."""

import pytest
import torch

from vsod_models.layers.blocks import count_parameters
from vsod_models.networks.scnn import SCNN, build

VARIANTS = ("full", "s-fcn", "fg", "fp", "os", "ot")
FORMS = ({"width": 0.125}, {"backbone": "mobilenet_v2", "fc_channels": 16})


def small(variant="full", form=0):
    torch.manual_seed(0)
    net = build(variant=variant, **FORMS[form])
    for network in net._networks():
        # scores start so small that the product test would not see them
        torch.nn.init.normal_(network.score_last.weight, 0, 0.3)
        torch.nn.init.normal_(network.score_top.weight, 0, 0.3)
    return net


@pytest.fixture
def frame():
    torch.manual_seed(5)
    return torch.rand(2, 3, 32, 64), torch.rand(2, 1, 32, 64)


def test_parameter_counts_of_the_paper():
    with torch.device("meta"):
        net = SCNN()
        assert count_parameters(net.first) == 20_485_442
        assert count_parameters(net.second) == 20_485_442 + 64 * 9
        assert count_parameters(net) == 40_971_460
        assert count_parameters(SCNN(variant="s-fcn")) == 20_485_442
        assert count_parameters(SCNN(variant="fp")) == 40_971_460 + 64 * 9


def test_shapes_at_512():
    with torch.device("meta"):
        net, image, prior = SCNN(), torch.zeros(1, 3, 512, 512), torch.zeros(1, 1, 512, 512)
        assert net.eval()(image, prior).shape == (1, 1, 512, 512)
        logits, aux = net.train()(image, prior)
        assert logits.shape == (1, 1, 512, 512)
        assert [a.shape for a in aux] == [(1, 1, 512, 512)]


def test_the_result_is_the_two_enlarged_scores_summed(frame):
    net = small().eval().double()
    image = frame[0].double()
    taps = net.first.trunk(image)

    def score(features, conv):
        by_hand = torch.einsum("bchw,c->bhw", features, conv.weight[0, :, 0, 0]) + conv.bias
        return torch.nn.functional.interpolate(by_hand[:, None], scale_factor=8, mode="bilinear")

    expected = score(taps.last, net.first.score_last) + score(taps.fc7, net.first.score_top)
    assert torch.allclose(net.spatial(image), expected)


@pytest.mark.parametrize("form", [0, 1])
def test_what_the_second_network_reads(frame, form):
    image, prior = frame
    seen = {}
    for variant in ("full", "fg", "fp", "os", "ot"):
        net = small(variant, form).eval()
        net.second.register_forward_pre_hook(
            lambda module, inputs, key=variant: seen.__setitem__(key, inputs[1])
        )
        with torch.inference_mode():
            net(image, prior)
            if variant != "ot":
                p_s = 1 / (1 + torch.exp(-net.spatial(image)))
        expected = {
            "full": lambda s=p_s: s * prior,
            "fg": lambda s=p_s: torch.cat(
                (prior, s), 1
            ),  # what is passed in the prior's place: the grey flow
            "fp": lambda s=p_s: torch.cat((prior, s), 1),
            "os": lambda s=p_s: s,
            "ot": lambda: prior,
        }[variant]()
        assert torch.allclose(seen[variant], expected, atol=1e-6), variant


def test_every_variant_runs_and_differs(frame):
    image, prior = frame
    results = {}
    for variant in VARIANTS:
        net = small(variant)
        with torch.inference_mode():
            results[variant] = net.eval()(image, prior)
            _, aux = net.train()(image, prior)
        assert results[variant].shape == prior.shape
        assert len(aux) == (0 if variant in ("s-fcn", "ot") else 1)
    # fg and fp differ in what is passed to them, not in the net
    names = [v for v in VARIANTS if v != "fg"]
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            assert not torch.allclose(results[a], results[b], atol=1e-5), (a, b)
    assert small("fg").reads == ("image", "grey_flow") and small("fp").reads == ("image", "prior")
    for ignoring in ("s-fcn", "os"):
        with torch.inference_mode():
            again = small(ignoring).eval()(image, 1 - prior)
        assert torch.equal(again, results[ignoring])


@pytest.mark.parametrize("form", [0, 1])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_result_alone_teaches_every_weight(frame, variant, form):
    """Without the auxiliary loss too: the gradient passes through the product into the first network."""
    net = small(variant, form).train()
    logits, _ = net(*frame)
    (logits * torch.randn_like(logits)).sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_auxiliary_logits_are_those_of_the_first_network(frame):
    net = small(form=1).train()
    _, (spatial,) = net(*frame)
    assert torch.allclose(spatial, net.spatial(frame[0]), atol=1e-6)
    with pytest.raises(ValueError, match="no spatial"):
        small("ot").spatial(frame[0])


def test_stage_one_weights_start_both_networks(frame):
    image, prior = frame
    first = small("s-fcn", 1).eval()
    net = SCNN(backbone="mobilenet_v2", fc_channels=16).eval()
    missing = net.load_state_dict(first.state_dict(), strict=False)
    assert all(key.startswith("second.") for key in missing.missing_keys)
    assert not missing.unexpected_keys
    net.start_second()
    with torch.inference_mode():
        assert torch.equal(net.spatial(image), first(image, prior))
        # with nothing on the fourth channel the second network is the first
        assert torch.allclose(net(image, torch.zeros_like(prior)), first(image, prior), atol=1e-5)


@pytest.mark.parametrize("form", [0, 1])
def test_a_single_frame_gives_what_it_gives_in_a_batch(frame, form):
    net = small(form=form).eval()
    image, prior = frame
    with torch.inference_mode():
        both = net(image, prior)
        one = net(image[:1], prior[:1])
    assert torch.allclose(both[:1], one, atol=1e-5)


@pytest.mark.parametrize("form", [0, 1])
def test_half_precision_stays_finite(frame, form):
    net = small(form=form).train()
    with torch.autocast("cpu", torch.bfloat16):
        logits, (spatial,) = net(*frame)
    assert torch.isfinite(logits).all()
    (logits.float().mean() + spatial.float().mean()).backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())


def test_backbone_parameters_are_the_pretrained_ones():
    with torch.device("meta"):
        net = SCNN()
        slow = {id(p) for p in net.backbone_parameters()}
        fast = {name for name, p in net.named_parameters() if id(p) not in slow}
        # the Xavier first convolution of the second network is new
        assert "second.trunk.encoder.features.0.weight" in fast
        assert "first.trunk.encoder.features.0.weight" not in fast
        assert {n for n in fast if ".encoder." in n} == {
            "second.trunk.encoder.features.0.weight",
            "second.trunk.encoder.features.0.bias",
        }
        assert not {n for n in fast if ".fc6." not in n and ".fc7." not in n and ".score_" not in n} - {
            "second.trunk.encoder.features.0.weight",
            "second.trunk.encoder.features.0.bias",
        }


def test_an_unknown_variant():
    with pytest.raises(ValueError, match="variant must be one of"):
        build(variant="both")

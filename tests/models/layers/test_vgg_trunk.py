"""The trunk of SCNN, MSST-ConvLSTM and STAN: sizes, dilation, and what pretrained files become in it."""

import pytest
import torch
from torch import nn

from vsod_models.layers.blocks import count_parameters
from vsod_models.layers.dilated import DilatedDepthwise
from vsod_models.layers.fcn import FCN
from vsod_models.layers.mobilenet import MobileNetV2
from vsod_models.layers.vgg import VGG16, dense_classifier

_MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
_DEVIATION = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def torchvision_vgg16():
    """Random tensors under the names and with the shapes of torchvision's vgg16 features."""
    torch.manual_seed(1)
    state, index, cin = {}, 0, 3
    for c in (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"):
        if c == "M":
            index += 1
            continue
        state[f"features.{index}.weight"] = torch.randn(c, cin, 3, 3) * (2 / (9 * cin)) ** 0.5
        state[f"features.{index}.bias"] = torch.randn(c) * 0.1
        index, cin = index + 2, c
    return state


@pytest.fixture(scope="module")
def vgg_state():
    return torchvision_vgg16()


def test_parameter_counts_of_the_layer_table():
    with torch.device("meta"):
        trunk = FCN()
        assert count_parameters(trunk.encoder) == 14_714_688
        assert count_parameters(trunk.fc6) == 4_719_616
        assert count_parameters(trunk.fc7) == 1_049_600
        assert count_parameters(trunk) == 20_483_904
        assert count_parameters(FCN(in_channels=4)) == 20_483_904 + 64 * 9
        # VGG16 without its 1000 classes
        assert count_parameters(FCN(fc="full")) == 138_357_544 - 4_097_000
        assert count_parameters(FCN(fc6_kernel=1)) == 14_714_688 + (512 + 1) * 1024 + 1_049_600


@pytest.mark.parametrize("pool", ["max", "identity"])
def test_shapes_of_the_layer_table(pool):
    with torch.device("meta"):
        trunk = FCN(pool4=pool, pool5=pool).eval()
        for size, small in ((512, 64), (321, 41), (224, 28)):
            taps = trunk(torch.zeros(2, 3, size, size))
            shapes = [(2, c, small, small) for c in (512, 512, 1024)]
            assert [tuple(t.shape) for t in taps[:3]] == shapes
        literal = FCN(output_stride=16).eval()
        assert literal(torch.zeros(1, 3, 512, 512)).fc7.shape == (1, 1024, 32, 32)
        compact = FCN(backbone="mobilenet_v2", in_channels=4).eval()
        taps = compact(torch.zeros(1, 3, 224, 320), torch.zeros(1, 1, 224, 320))
        assert [tuple(t.shape[1:]) for t in taps[:3]] == [(96, 28, 40), (320, 28, 40), (192, 28, 40)]
        assert compact.channels == (96, 320, 192)


def test_width_scales_every_layer():
    trunk = FCN(width=0.125)
    assert trunk.channels == (64, 64, 128)
    assert trunk.encoder.features[0].out_channels == 8


def test_the_net_is_vgg16_up_to_pool3(vgg_state):
    """Written out with torchvision's numbering, conv by conv."""
    trunk = FCN().eval()
    trunk.load_imagenet(vgg_state)
    image = torch.rand(1, 3, 32, 64)
    x = (image - _MEAN) / _DEVIATION
    for group in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21)):
        for i in group:
            x = nn.functional.conv2d(
                x, vgg_state[f"features.{i}.weight"], vgg_state[f"features.{i}.bias"], padding=1
            )
            x = x.relu()
        if group[-1] < 17:
            x = nn.functional.max_pool2d(x, 2)
    with torch.inference_mode():
        taps = trunk(image)
    assert torch.allclose(taps.mid, x, atol=1e-4)
    # conv5 reads every second pixel
    for i in (24, 26, 28):
        weight, bias = vgg_state[f"features.{i}.weight"], vgg_state[f"features.{i}.bias"]
        x = nn.functional.conv2d(x, weight, bias, padding=2, dilation=2).relu()
    assert torch.allclose(taps.last, x, atol=1e-4)
    # fc6 every fourth
    fc6, fc7 = trunk.fc6[0], trunk.fc7[0]
    x = nn.functional.conv2d(x, fc6.weight, fc6.bias, padding=4, dilation=4).relu()
    x = nn.functional.conv2d(x, fc7.weight, fc7.bias).relu()
    assert torch.allclose(taps.fc7, x, atol=1e-4)


def test_pools_of_stride_one_are_maxima():
    torch.manual_seed(0)
    plain, pooled = VGG16(width=0.125), VGG16(width=0.125, pool4="max", pool5="max")
    pooled.load_state_dict(plain.state_dict())
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        *_, mid, last, top = plain(x)
        assert torch.equal(last, top)
        *finer, mid_max, last_max, top_max = pooled(x)
    assert [tuple(f.shape[1:]) for f in finer] == [(8, 64, 64), (16, 32, 32), (32, 16, 16), (64, 8, 8)]
    assert torch.equal(mid_max, nn.functional.max_pool2d(mid, 3, 1, 1))
    assert torch.equal(top_max, nn.functional.max_pool2d(last_max, 3, 1, 1))
    assert not torch.equal(mid_max, mid)


def test_fc_layers_are_vggs_sub_sampled():
    torch.manual_seed(2)
    cin, units = 512, 32
    state = {
        "classifier.0.weight": torch.randn(units, cin * 49),
        "classifier.0.bias": torch.randn(units),
        "classifier.3.weight": torch.randn(units, units),
        "classifier.3.bias": torch.randn(units),
    }
    fc6, fc7 = nn.Conv2d(cin, 8, 3), nn.Conv2d(8, 8, 1)
    assert dense_classifier(state, fc6, fc7)
    # output unit 3 is unit 12; tap (1, 2) of 3x3 is tap (3, 6) of 7x7, flattened as c * 49 + y * 7 + x
    assert fc6.weight[3, 5, 1, 2] == state["classifier.0.weight"][12, 5 * 49 + 3 * 7 + 6]
    assert fc6.bias[3] == state["classifier.0.bias"][12]
    assert fc7.weight[3, 2, 0, 0] == state["classifier.3.weight"][12, 8]
    middle = nn.Conv2d(cin, 8, 1)
    dense_classifier(state, middle, fc7)
    assert middle.weight[1, 7, 0, 0] == state["classifier.0.weight"][4, 7 * 49 + 24]
    whole, whole7 = nn.Conv2d(cin, units, 7), nn.Conv2d(units, units, 1)
    dense_classifier(state, whole, whole7)
    assert torch.equal(whole.weight.flatten(1), state["classifier.0.weight"])
    assert torch.equal(whole7.weight[:, :, 0, 0], state["classifier.3.weight"])


def test_a_state_without_a_classifier_leaves_the_fc_layers(vgg_state):
    trunk = FCN(fc_channels=8)
    before = trunk.fc6[0].weight.clone()
    trunk.load_imagenet(vgg_state)
    assert torch.equal(trunk.fc6[0].weight, before)


@pytest.mark.parametrize("how", ["xavier", "gaussian", "keep_rgb"])
def test_a_first_convolution_of_four_inputs(vgg_state, how):
    trunk = FCN(in_channels=4, fc_channels=8, first_conv=how)
    trunk.load_imagenet(vgg_state)
    weight = trunk.encoder.features[0].weight
    assert weight.shape == (64, 4, 3, 3)
    pretrained = vgg_state["features.0.weight"]
    assert torch.equal(weight[:, :3], pretrained) == (how == "keep_rgb")
    deviation = {
        "xavier": (2 / (9 * (4 + 64))) ** 0.5,
        "gaussian": 0.01,
        "keep_rgb": 0.01,
    }[how]
    assert weight[:, 3].std().item() == pytest.approx(deviation, rel=0.12)
    assert torch.equal(trunk.encoder.features[2].weight, vgg_state["features.2.weight"])
    learned_slowly = {id(p) for p in trunk.backbone_parameters()}
    assert (id(weight) in learned_slowly) == (how == "keep_rgb")
    assert len(learned_slowly) == (26 if how == "keep_rgb" else 24)


def test_keeping_rgb_keeps_the_picture_and_adds_the_prior(vgg_state):
    three, four = FCN(fc_channels=8).eval(), FCN(in_channels=4, fc_channels=8).eval()
    three.load_imagenet(vgg_state)
    four.start_from(three)
    image, nothing = torch.rand(1, 3, 32, 32), torch.zeros(1, 1, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(three(image).fc7, four(image, nothing).fc7, atol=1e-5)
        assert not torch.allclose(three(image).last, four(image, nothing + 1).last, atol=1e-5)


def test_a_wrong_file_is_refused(vgg_state):
    with pytest.raises(KeyError):
        FCN(fc_channels=8).load_imagenet({"features.0.weight": vgg_state["features.0.weight"]})


@pytest.mark.parametrize(
    "options",
    [
        {"backbone": "vgg19"},
        {"backbone": "mobilenet_v2", "fc": "full"},
        {"fc6_kernel": 5},
        {"output_stride": 4},
        {"in_channels": 2},
    ],
)
def test_options_that_do_not_exist(options):
    with pytest.raises(ValueError, match=r"must be|none"):
        FCN(**options)


@pytest.mark.parametrize("stride", [8, 16])
def test_dilation_keeps_the_receptive_field(stride):
    """On the pixels that the strided net has, the dense one gives the same values."""
    torch.manual_seed(0)
    coarse = MobileNetV2().eval()
    dense = MobileNetV2(output_stride=stride).eval()
    dense.load_state_dict(coarse.state_dict())
    x = torch.rand(1, 3, 160, 224) * 2 - 1
    with torch.inference_mode():
        for i, (a, b) in enumerate(zip(coarse(x), dense(x), strict=True)):
            step = max(1, 2 ** (i + 1) // stride)
            assert b.shape[-1] == a.shape[-1] * step
            # the two nets round differently, and the values are small: compare with their spread
            assert (a - b[..., ::step, ::step]).abs().max() < 1e-4 * a.std(), i


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_the_fast_way_of_training_a_dilated_convolution_is_exact(dilation):
    torch.manual_seed(0)
    conv = DilatedDepthwise(6, dilation).double()
    x = torch.randn(2, 6, 8, 12, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 6, 8, 12, dtype=torch.float64)

    def run(training):
        conv.train(training)
        out = conv(x)
        return out, torch.autograd.grad((out * weight).sum(), (x, *conv.parameters()))

    (fast, fast_grads), (plain, plain_grads) = run(True), run(False)
    assert torch.allclose(fast, plain)
    for a, b in zip(fast_grads, plain_grads, strict=True):
        assert torch.allclose(a, b)
    # a size that does not divide takes the plain way
    odd = torch.randn(1, 6, 9, 11, dtype=torch.float64)
    assert torch.allclose(conv.train()(odd), conv.eval()(odd))


def test_dropout_is_in_the_published_form_alone():
    torch.manual_seed(0)
    x = torch.rand(1, 3, 32, 32)
    paper = FCN(width=0.125).train()
    assert not torch.equal(paper(x).fc7, paper(x).fc7)
    assert torch.equal(paper.eval()(x).fc7, paper(x).fc7)
    compact = FCN(backbone="mobilenet_v2", fc_channels=16).train()
    assert torch.equal(compact(x).fc7, compact(x).fc7)

"""The library's front door: every network by name and variant, and nothing heavy before it is used."""

import subprocess
import sys

import pytest
import torch

import vsod_models
from vsod_models import create_network, list_networks, list_variants

PUBLISHED = [name for name in list_networks() if name not in ("swift", "studio")]
CLASSES = {
    "swift": "Swift",
    "studio": "Studio",
    "dsnet": "DSNet",
    "msst": "MSST",
    "pdb": "PDB",
    "scnn": "SCNN",
    "stan": "STAN",
}
VARIANTS = [(name, variant) for name in list_networks() for variant in list_variants(name)]


def small(name):
    return {"backbone": "mobilenet_v2"} if name in PUBLISHED else {}


def maps(net, name):
    """Logits of a clip of four frames, or of one frame."""
    image, one = torch.rand(1, 4, 3, 64, 96), torch.rand(1, 4, 1, 64, 96)
    if name in ("swift", "studio"):
        return net(image[:, 0], torch.rand(1, 6, 32, 48))
    if name == "dsnet":
        return net(image[:, 0], image[:, 1])
    if name == "scnn":
        return net(image[:, 0], one[:, 0])
    if name == "pdb":
        return net(image)
    return net(image, image if getattr(net, "temporal_input", "") == "flow" else one)


def test_all_seven_are_listed_and_exported():
    assert set(list_networks()) == {"swift", "studio", "dsnet", "msst", "pdb", "scnn", "stan"}
    assert set(CLASSES.values()) <= set(vsod_models.__all__)
    for name in vsod_models.__all__:
        assert getattr(vsod_models, name) is not None
    assert set(vsod_models.__all__) <= set(dir(vsod_models))
    with pytest.raises(AttributeError, match="no attribute 'create_net'"):
        vsod_models.create_net  # noqa: B018


@pytest.mark.parametrize("name", list_networks())
def test_every_network_is_built_by_its_name(name):
    torch.manual_seed(0)
    net = create_network(name, **small(name)).eval()
    assert type(net) is getattr(vsod_models, CLASSES[name])
    with torch.inference_mode():
        out = maps(net, name)
    assert out.shape[-3:] == (1, 64, 96)


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_every_variant_is_built_and_differs_from_the_whole(name, variant):
    def shapes(net):
        return [(k, tuple(v.shape)) for k, v in net.state_dict().items()]

    options = {**small(name), **({"width": 0.25} if name in ("scnn", "msst", "stan") else {})}
    net, whole = create_network(name, variant=variant, **options), create_network(name, **options)
    assert type(net) is type(whole)
    settings = {k: v for k, v in vars(net).items() if not k.startswith("_")}
    others = {k: v for k, v in vars(whole).items() if not k.startswith("_")}
    same = (shapes(net), str(net), settings) == (shapes(whole), str(whole), others)
    assert same == ((name, variant) in {("pdb", "PDB-ConvLSTM"), ("dsnet", "M5")})


def test_what_does_not_exist_is_told_with_what_does():
    with pytest.raises(ValueError, match="there is no network 'unet'; there are: swift"):
        create_network("unet")
    with pytest.raises(ValueError, match="dsnet has no variant 'M9'; it has: M1, M2"):
        create_network("dsnet", variant="M9")
    with pytest.raises(ValueError, match="swift has no variant 'fast'; it has: none"):
        create_network("swift", variant="fast")
    with pytest.raises(ValueError, match="there is no network"):
        list_variants("unet")
    with pytest.raises(TypeError):
        create_network("swift", depth=3)


def test_importing_the_library_loads_no_torch():
    code = (
        "import sys, vsod_models as v; v.list_networks(); print({'torch', 'numpy', 'cv2'} & {*sys.modules})"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"

"""T32: damage in the middle of MP4, MOV and MKV: all frames there, the damaged ones held, the rest right."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from helpers import graycode
from helpers.clips import Recipe, write_clip
from vsod.media.sources.opening import open_source


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("damaged", [range(16, 24), range(19, 21)])
def test_decoding_goes_on_behind_the_damage(suffix: str, damaged: range, tmp_path: Path) -> None:
    """Packets destroyed where they lie; from the next key frame on every frame shows itself."""
    whole = write_clip(tmp_path / f"whole{suffix}", Recipe(options={"g": "8", "bf": "0", "crf": "5"})).path
    data = bytearray(whole.read_bytes())
    with av.open(str(whole)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    for packet in (packets[k] for k in damaged):
        start = data.find(bytes(packet), packet.pos)
        data[start + 4 : start + packet.size] = bytes(packet.size - 4)
    path = tmp_path / f"hurt{suffix}"
    path.write_bytes(data)
    with open_source(path) as source:
        frames = list(source.frames(pixels="luma"))
    assert [f.index for f in frames] == list(range(40))
    for frame in [*frames[:16], *frames[24:]]:
        assert not frame.held and graycode.read(frame.image) == frame.index
    for frame in frames[16 : damaged.start]:
        assert graycode.read(frame.image) == frame.index

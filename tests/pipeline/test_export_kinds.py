"""Every kind of export, clip to verified file."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction

import av
import numpy as np
import pytest

from helpers.clips import Recipe, make, write_clip
from vsod.core.clip_settings import ClipSettings
from vsod.core.export_settings import EXPORT_KINDS, ExportSettings
from vsod.core.job import JobSpec
from vsod.core.matte_settings import MatteSettings
from vsod.core.overlay import heat_map_colours
from vsod.errors import MediaNotFound, UnknownFormat
from vsod.matte.export_frames import export_frames
from vsod.media.formats.ffmpeg_formats import FFMPEG_FORMATS
from vsod.media.formats.ffmpeg_program import why_unavailable
from vsod.media.formats.table import FORMATS
from vsod.media.pixels.planes import plane_view
from vsod.media.sinks.opening import open_sink
from vsod.media.sources.opening import open_source
from vsod.media.verify.readback import read_cutouts, read_matte
from vsod.pipeline import runner
from vsod.storage.map_store import MapStore


def first(path):
    with open_source(path) as source:
        return next(iter(read_cutouts(source.info)))


def run(clip, target, **how):
    job = {k: how.pop(k) for k in ("format", "start", "stop") if k in how}
    return runner.run_job(
        JobSpec(clip, target, ClipSettings(export=ExportSettings(**how), **{"start": 20, "stop": 24, **job}))
    )


@pytest.mark.parametrize("what", EXPORT_KINDS)
def test_every_kind_is_written_and_verified(what, demo, tmp_path):
    report = run(demo, tmp_path / "out.mov", kind=what)
    assert report.verified, report.warnings
    assert report.frames == 4
    names = ["out_fg.mov", "out_matte.mov"] if what == "fill+matte" else ["out.mov"]
    assert [path.name for path in report.outputs] == names


@pytest.mark.parametrize("alpha", ["straight", "premultiplied"])
@pytest.mark.parametrize("fmt", ["prores4444", "ffv1-rgba", "qtrle", "exr"])
def test_a_cutout_is_the_kind_it_declares(alpha, fmt, demo, tmp_path):
    """T20, by the composite test of the check afterwards; the other kind must fail it."""
    from vsod.media.formats.table import FORMATS
    from vsod.media.verify.verifier import verify

    target = tmp_path / f"c{(FORMATS[fmt].suffixes or ('',))[0]}"
    report = run(demo, target, kind="cutout", alpha=alpha, format=fmt)
    assert report.verified, report.warnings
    other = "premultiplied" if alpha == "straight" else "straight"
    lie = verify(
        demo, target, frames=range(20, 24), export_settings=ExportSettings(kind="cutout", alpha=other)
    )
    assert "alpha-kind" in {c.id for c in lie.checks if c.ok is False}


def test_a_webm_cutout_has_alpha(demo, tmp_path):
    """T24: FFmpeg's own VP9 decoder would lose it."""
    report = run(demo, tmp_path / "c.webm", kind="cutout")
    assert report.verified, report.warnings
    back = first(report.output)
    assert back.alpha is not None and back.alpha.min() < 0.1 < 0.9 < back.alpha.max()


def test_what_was_over_black_is_black_and_the_subject_stays(demo, tmp_path):
    over = run(demo, tmp_path / "o.mkv", kind="over", background="ff00ff")
    # a cut-out, whose alpha followed the same picture; a matte alone follows the luma plane
    cutout = run(demo, tmp_path / "m.mkv", kind="cutout")
    back, alpha = first(over.output).rgb, first(cutout.output).alpha
    with open_source(demo) as source:
        seen = source.frame_at(20).image
    assert (back[alpha == 0] == (65535, 0, 65535)).all()
    inside = alpha == 1
    # alpha of 1 here may be 0.998: a trace of the ground, and of the ground taken out
    assert inside.any() and np.abs(back[inside] / 257 - seen[inside]).max() <= 6


def test_over_another_clip_and_a_still(demo, tmp_path):
    ground = write_clip(tmp_path / "g.mkv", Recipe(codec="ffv1", pix_fmt="gray", count=2)).path
    assert run(demo, tmp_path / "a.mkv", kind="over", background=str(ground)).verified
    import cv2

    cv2.imwrite(str(tmp_path / "s.png"), np.full((8, 8, 3), (0, 0, 255), np.uint8))
    still = run(demo, tmp_path / "b.mkv", kind="over", background=str(tmp_path / "s.png"))
    assert (first(still.output).rgb == (65535, 0, 0)).all(axis=2).any()
    with pytest.raises(MediaNotFound):
        run(demo, tmp_path / "c.mkv", kind="over", background="nowhere.mov")
    assert not list(tmp_path.glob("*c.mkv*"))


def test_mask_saliency_and_heat_map(demo, tmp_path):
    def lumas(what):
        report = run(demo, tmp_path / f"{what}.mkv", kind=what, format="ffv1-gray8")
        with open_source(report.output) as source:
            return [f.matte for f in read_matte(source.info)]

    assert set(np.unique(lumas("mask"))) <= {0, 1}
    saliency = lumas("saliency")
    assert not np.array_equal(saliency[0], lumas("matte")[0])
    heat = first(run(demo, tmp_path / "h.mkv", kind="heatmap").output)
    assert {tuple(c) for c in (heat.rgb // 257).reshape(-1, 3)} <= {tuple(c) for c in heat_map_colours()}


def test_a_varying_rate_conformed_reports_its_repeats(tmp_path):
    """T5: and every output frame shows what the source shows at that moment."""
    clip = make("vfr", tmp_path)
    report = runner.run_job(
        JobSpec(clip.path, tmp_path / "m.mov", ClipSettings(export=ExportSettings(cfr=Fraction(24000, 1001))))
    )
    assert report.verified, report.warnings
    assert report.duplicated > 0 and report.dropped == 0
    assert report.frames == len(clip.codes) + report.duplicated
    assert any("repeated" in w for w in report.warnings)
    with open_source(report.output) as made:
        assert not made.info.is_vfr and made.info.rate == Fraction(24000, 1001)


def test_images_are_numbered_as_asked(demo, tmp_path):
    """T23: padding, start number, tokens."""
    run(demo, tmp_path / "a", start_number="1001")
    assert sorted(p.name for p in (tmp_path / "a").iterdir())[0] == "demo_matte.1001.png"
    run(demo, tmp_path / "b", format="exr", names="{stem}-{kind}_{frame:05}", kind="cutout")
    assert sorted(p.name for p in (tmp_path / "b").iterdir())[0] == "demo-cutout_00020.exr"
    clip = write_clip(tmp_path / "tc.mov", Recipe(timecode="01:00:00:00", count=10)).path
    run(clip, tmp_path / "c", start_number="timecode", start=3, stop=6)
    assert sorted(p.name for p in (tmp_path / "c").iterdir())[0] == "tc_matte.86403.png"


def test_no_alpha_in_mp4(demo, tmp_path):
    with pytest.raises(UnknownFormat, match="alpha"):
        run(demo, tmp_path / "c.mp4", kind="cutout")


def with_sound(folder, suffix=".mov", codec="aac", tracks=2):
    """A clip of two seconds with tracks of sound in two languages."""
    picture = write_clip(folder / "silent.mkv", Recipe(count=48, rate=Fraction(24))).path
    target = folder / f"sound{suffix}"
    with av.open(str(picture)) as source, av.open(str(target), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        sounds = []
        for number in range(tracks):
            stream = out.add_stream(codec, rate=48000)
            stream.metadata["language"] = ("eng", "spa")[number]
            sounds.append(stream)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
        kind = "s32" if codec == "pcm_s24le" else "fltp"
        rng = np.random.default_rng(0)
        for stream in sounds:
            for k in range(94):
                noise = rng.uniform(-0.3, 0.3, (1, 1024))
                data = (noise * 2**31).astype(np.int32) if kind == "s32" else noise.astype(np.float32)
                frame = av.AudioFrame.from_ndarray(data, format=kind, layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 48000, k * 1024, Fraction(1, 48000)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return target


def sound_of(path):
    """(language, [(time, bytes) of every packet]) of every track."""
    tracks = []
    with av.open(str(path)) as container:
        count = len(container.streams.audio)
    for number in range(count):
        with av.open(str(path)) as container:
            stream = container.streams.audio[number]
            packets = [(p.pts * p.time_base, bytes(p)) for p in container.demux(stream) if p.size]
            tracks.append((stream.metadata.get("language"), packets))
    return tracks


@pytest.mark.parametrize("codec", ["aac", "pcm_s24le"])
def test_sound_is_copied_bit_by_bit(codec, tmp_path):
    """T26: languages, several tracks, every packet the source's."""
    clip = with_sound(tmp_path, codec=codec)
    report = run(clip, tmp_path / "c.mov", kind="cutout", start=0, stop=None)
    assert report.verified, report.warnings
    assert sound_of(report.output) == sound_of(clip)
    assert [language for language, _ in sound_of(clip)] == ["eng", "spa"]


def test_a_format_of_the_machines_ffmpeg_is_delivered_like_any_other(tmp_path):
    """A whole job: alpha declared and true, sound and all, or a reason why not."""
    if why := why_unavailable(FFMPEG_FORMATS["hap-alpha"]):
        pytest.skip(why)
    clip = with_sound(tmp_path)
    report = run(clip, tmp_path / "c.mov", kind="cutout", format="hap-alpha", start=0, stop=None)
    assert report.verified, report.warnings
    assert sound_of(report.output) == sound_of(clip)


def test_a_range_takes_its_own_sound(tmp_path):
    clip = with_sound(tmp_path, codec="aac", tracks=1)
    report = run(clip, tmp_path / "c.mov", kind="cutout", start=12, stop=36)
    (_, whole), (_, part) = sound_of(clip)[0], sound_of(report.output)[0]
    due = [(t - Fraction(1, 2), data) for t, data in whole if Fraction(1, 2) <= t < Fraction(3, 2)]
    assert [data for _, data in part] == [data for _, data in due]
    assert all(abs(a - b) < Fraction(1, 10_000) for (a, _), (b, _) in zip(part, due, strict=True))


def test_sound_goes_where_it_is_wanted(tmp_path):
    clip = with_sound(tmp_path, tracks=1)
    assert sound_of(run(clip, tmp_path / "m.mov").output) == []
    assert len(sound_of(run(clip, tmp_path / "n.mov", audio="copy").output)) == 1
    assert sound_of(run(clip, tmp_path / "o.mov", kind="cutout", audio="none").output) == []
    explained = run(clip, tmp_path / "p.webm", kind="cutout")
    assert any("cannot be copied into webm" in w for w in explained.warnings)


@pytest.mark.parametrize("transfer", [16, 18], ids=["pq", "hlg"])
@pytest.mark.parametrize("fmt", ["prores4444", "ffv1-rgba16", "h265"])
def test_hdr_goes_through_a_fill_at_ten_bits(transfer, fmt, tmp_path):
    """T13, T14: a 10-bit BT.2020 ramp keeps its codes and its tags from file to file."""
    ramp = np.tile(np.linspace(64, 940, 1024).round().astype(np.uint16), (64, 1))
    clip, count = tmp_path / "hdr.mkv", 3
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 1024, 64, "yuv444p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = (
            9,
            transfer,
            9,
            1,
        )
        for index in range(count):
            frame = av.VideoFrame(1024, 64, "yuv444p10le")
            for number, samples in enumerate((ramp, 512, 512)):
                plane_view(frame, number)[:] = samples
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    export_settings = ExportSettings(kind="fill+matte")
    store = MapStore(tmp_path / "maps", count)
    for index in range(count):
        store.put(index, np.ones((8, 128), np.float32))
    made = tmp_path / f"out{FORMATS[fmt].suffixes[0]}"
    with open_source(clip) as source:
        assert source.info.bit_depth == 10 and source.info.color.transfer == transfer
        with (
            open_sink(
                made, FORMATS[fmt], source.info, content="fill", export_settings=export_settings
            ) as sink,
            closing(
                export_frames(
                    source, store, range(count), MatteSettings(temporal_smoothing=0), export_settings
                )
            ) as ready,
        ):
            for frame, pictures in ready:
                sink.write(frame.index, pictures["fill"])
    with open_source(made) as source:
        tags = source.info.color
        back = next(source.frames(pixels="rgb48")).image_16bit
    assert (tags.primaries, tags.transfer) == (9, transfer)
    levels = back[32, :, 1] / 65535 * 876 + 64
    lossy = 6 if fmt == "h265" else 2
    assert np.abs(levels - ramp[32]).max() <= lossy
    assert len(np.unique(back[..., 1])) > (400 if fmt == "h265" else 800)


def test_a_card_and_the_processor_agree(demo, tmp_path, monkeypatch):
    """T34: the same job on a CUDA card, within a hundredth of alpha."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA card here")
    mattes = []
    for device in ("cpu", "cuda"):
        monkeypatch.setenv("VSOD_CACHE", str(tmp_path / device))
        spec = JobSpec(
            demo, tmp_path / f"{device}.mkv", ClipSettings(stop=12, format="ffv1-gray16"), device=device
        )
        with open_source(runner.run_job(spec).output) as made:
            mattes.append([m.matte for m in read_matte(made.info)])
    assert all(np.abs(a - b).mean() < 0.01 for a, b in zip(*mattes, strict=True))

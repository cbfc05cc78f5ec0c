"""The export formats, as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from vsod.core.output_frame import FileContent
from vsod.errors import UsageError

FILE_CONTENTS: tuple[FileContent, ...] = ("matte", "fill", "cutout")


@dataclass(frozen=True, slots=True)
class Coding:
    """How one layout is coded.

    Attributes:
        codec: FFmpeg encoder, or the image codec of a sequence.
        pix_fmt: FFmpeg pixel format. A matte lies in its first plane, or in R, G and B alike.
        levels: ``"legal"`` puts 0..1 on video levels (16..235 in 8 bits), ``"full"`` on all codes.
            Alpha channels are always full.
        bit_depth: Bits per sample; of a float format, those that count.
        lossless: True if decoding gives back exactly the codes that were written.
        options: Encoder options.
    """

    codec: str
    pix_fmt: str
    levels: Literal["full", "legal"]
    bit_depth: int
    lossless: bool
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One way to write an export.

    Attributes:
        id: What the command line calls it.
        title: What the window calls it.
        suffixes: File suffixes it can live in, the first is the default; empty for a folder.
        note: One line that helps to choose.
        matte, fill, cutout: How it carries a matte alone, a picture, a picture with alpha; None
            where it cannot.
        image: Suffix of a sequence's images; empty for a video.
        external: The machine's own FFmpeg encodes it.
    """

    id: str
    title: str
    suffixes: tuple[str, ...]
    note: str
    matte: Coding | None = None
    fill: Coding | None = None
    cutout: Coding | None = None
    image: str = ""
    external: bool = False

    @property
    def is_sequence(self) -> bool:
        """True if it is a folder of images."""
        return bool(self.image)

    @property
    def contents(self) -> tuple[FileContent, ...]:
        """What it can carry."""
        return tuple(content for content in FILE_CONTENTS if getattr(self, content) is not None)

    @property
    def straight_only(self) -> bool:
        """True if its alpha is unassociated by definition: PNG says so, and FFmpeg's TIFF declares it."""
        return self.cutout is not None and self.cutout.codec in ("png", "tiff")

    def coding(self, content: FileContent) -> Coding:
        """How it carries ``content``.

        Raises:
            UsageError: It cannot; names formats that can.
        """
        found: Coding | None = getattr(self, content)
        if found is None:
            able = ", ".join(f.id for f in FORMATS.values() if getattr(f, content) is not None)
            wanted = {"matte": "a matte", "fill": "a picture", "cutout": "an alpha channel"}[content]
            raise UsageError(f"{self.title} cannot carry {wanted}", fix=f"Choose one of: {able}.")
        return found


# prores_aw is about four times as fast as prores_ks at the same size and error. But its alpha ends at
# 65472 of 65535, never quite opaque; prores_ks reaches the top, and a fixed quantiser makes it as fast.
_PRORES_ALPHA = Coding(
    "prores_ks", "yuva444p10le", "legal", 10, False,
    {"profile": "4444", "vendor": "apl0", "alpha_bits": "16", "flags": "+qscale", "global_quality": "472"},
)  # fmt: skip


def _prores(profile: str, pix_fmt: str) -> Coding:
    return Coding("prores_aw", pix_fmt, "legal", 10, False, {"profile": profile, "vendor": "apl0"})


# Slices let two cores share one frame; their checksums would cost time and guard a local file.
def _ffv1(pix_fmt: str, bits: int) -> Coding:
    options = {"level": "3", "coder": "0", "context": "0", "slices": "16", "slicecrc": "0", "g": "1"}
    if bits > 8 or pix_fmt.startswith("bgr"):
        options["coder"] = "1"  # deep samples and RGB need the range coder
    return Coding("ffv1", pix_fmt, "full", bits, True, options)


def _dnxhr(profile: str, pix_fmt: str) -> Coding:
    return Coding("dnxhd", pix_fmt, "legal", 10, False, {"profile": profile})


def _image(codec: str, pix_fmt: str, bits: int) -> Coding:
    return Coding(codec, pix_fmt, "full", bits, True)


# No B-frames in previews: without reordering the file needs no edit list, which some programs ignore.
_H264 = Coding("libx264", "yuv420p", "legal", 8, False, {"preset": "veryfast", "crf": "14", "bf": "0"})
_H265 = Coding(
    "libx265",
    "yuv420p10le",
    "legal",
    10,
    False,
    {"preset": "veryfast", "crf": "14", "x265-params": "bframes=0:log-level=none", "tag": "hvc1"},
)


def _vp9(pix_fmt: str) -> Coding:
    options = {"crf": "12", "b": "0", "deadline": "realtime", "cpu-used": "5", "row-mt": "1"}
    options |= {"lag-in-frames": "0", "auto-alt-ref": "0"}
    return Coding("libvpx-vp9", pix_fmt, "legal", 8, False, options)


_ALL = (
    ExportFormat(
        "prores4444", "ProRes 4444", (".mov",),
        "The safe choice for every editing program; 10-bit, as a black-and-white matte or with alpha.",
        _prores("4", "yuv444p10le"), _prores("4", "yuv444p10le"), _PRORES_ALPHA,
    ),
    ExportFormat(
        "prores422hq", "ProRes 422 HQ", (".mov",),
        "As ProRes 4444 but half the colour samples, which a matte does not use.",
        _prores("3", "yuv422p10le"), _prores("3", "yuv422p10le"),
    ),
    ExportFormat(
        "prores422proxy", "ProRes 422 Proxy", (".mov",),
        "Small and quick to edit; for offline work.",
        _prores("0", "yuv422p10le"), _prores("0", "yuv422p10le"),
    ),
    ExportFormat(
        "dnxhr-hqx", "DNxHR HQX", (".mov",),
        "Avid's 10-bit 4:2:2; from 256x120 pixels on.",
        _dnxhr("dnxhr_hqx", "yuv422p10le"), _dnxhr("dnxhr_hqx", "yuv422p10le"),
    ),
    ExportFormat(
        "dnxhr-444", "DNxHR 444", (".mov",),
        "Avid's 10-bit 4:4:4; from 256x120 pixels on.",
        _dnxhr("dnxhr_444", "yuv444p10le"), _dnxhr("dnxhr_444", "yuv444p10le"),
    ),
    ExportFormat(
        "ffv1-gray8", "FFV1 8-bit", (".mkv", ".mp4"),
        "Lossless, small and fast; for Blender, Kdenlive, Shotcut and FFmpeg.",
        _ffv1("gray", 8),
    ),
    ExportFormat(
        "ffv1-gray16", "FFV1 16-bit", (".mkv", ".mp4"),
        "Lossless with every soft edge level kept; for archives and further processing.",
        _ffv1("gray16le", 16),
    ),
    ExportFormat(
        "ffv1-rgba", "FFV1 RGBA 8-bit", (".mkv", ".mp4"),
        "Lossless picture with alpha; for Blender, Kdenlive and Shotcut.",
        None, _ffv1("bgr0", 8), _ffv1("bgra", 8),
    ),
    ExportFormat(
        "ffv1-rgba16", "FFV1 RGBA 16-bit", (".mkv", ".mp4"),
        "Lossless picture with alpha at full depth; for archives of 10-bit and HDR sources.",
        None, _ffv1("gbrp16le", 16), _ffv1("gbrap16le", 16),
    ),
    ExportFormat(
        "qtrle", "QuickTime Animation", (".mov",),
        "8-bit lossless alpha that the most programs understand; large.",
        None, Coding("qtrle", "rgb24", "full", 8, True), Coding("qtrle", "argb", "full", 8, True),
    ),
    ExportFormat(
        "png-mov", "PNG in MOV", (".mov",),
        "8-bit lossless with alpha; safe in Blender, Kdenlive and Shotcut.",
        _image("png", "gray", 8), _image("png", "rgb24", 8), _image("png", "rgba", 8),
    ),
    ExportFormat(
        "utvideo", "Ut Video", (".avi",),
        "8-bit lossless, the fastest to write; constant rates only, AVI has no rotation or timecode.",
        Coding("utvideo", "yuv444p", "legal", 8, True),
        Coding("utvideo", "gbrp", "full", 8, True),
        Coding("utvideo", "gbrap", "full", 8, True),
    ),
    ExportFormat(
        "vp9", "VP9 WebM", (".webm",),
        "Small, with alpha, for web pages and Blender.",
        _vp9("yuv420p"), _vp9("yuv420p"), _vp9("yuva420p"),
    ),
    ExportFormat(
        "h264", "H.264 preview", (".mp4", ".mov", ".mkv"),
        "Small, plays everywhere; for looking at, not for keying.",
        _H264, _H264,
    ),
    ExportFormat(
        "h265", "H.265 preview", (".mp4", ".mov", ".mkv"),
        "10-bit preview, for HDR sources too; for looking at, not for keying.",
        _H265, _H265,
    ),
    ExportFormat(
        "png8", "PNG sequence 8-bit", (),
        "One image per frame, named after the source frames; for compositing programs.",
        _image("png", "gray", 8), _image("png", "rgb24", 8), _image("png", "rgba", 8), image=".png",
    ),
    ExportFormat(
        "png16", "PNG sequence 16-bit", (),
        "One 16-bit image per frame; large.",
        _image("png", "gray16be", 16), _image("png", "rgb48be", 16), _image("png", "rgba64be", 16),
        image=".png",
    ),
    ExportFormat(
        "tiff16", "TIFF sequence 16-bit", (),
        "One 16-bit image per frame, deflated; for print and compositing programs.",
        _image("tiff", "gray16le", 16), _image("tiff", "rgb48le", 16), _image("tiff", "rgba64le", 16),
        image=".tif",
    ),
    ExportFormat(
        "exr", "OpenEXR sequence (half)", (),
        "Half-float images, the matte as channel Y; compositors expect premultiplied colour here.",
        _image("exr", "grayf32le", 11), _image("exr", "gbrpf32le", 11), _image("exr", "gbrapf32le", 11),
        image=".exr",
    ),
    ExportFormat(
        "exr-a", "OpenEXR sequence (half), channel A", (),
        "As exr, the matte as channel A, which Nuke and Fusion look for.",
        _image("exr", "a", 11), image=".exr",
    ),
)  # fmt: skip

# What PyAV writes everywhere; see also vsod.media.formats.registry.all_formats.
FORMATS: dict[str, ExportFormat] = {fmt.id: fmt for fmt in _ALL}

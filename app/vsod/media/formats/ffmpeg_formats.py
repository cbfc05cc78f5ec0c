"""The formats that the machine's own FFmpeg writes, where it can: rows of the one table."""

from __future__ import annotations

from vsod.media.formats.table import Coding, ExportFormat

_VENDORS = {
    "nvenc": ("NVIDIA", {"preset": "p5", "rc": "constqp", "qp": "16", "bf": "0"}, "p010le"),
    "qsv": ("Intel Quick Sync", {"global_quality": "16", "bf": "0"}, "p010le"),
    "vaapi": ("VAAPI", {"qp": "16", "bf": "0", "vaapi_device": "/dev/dri/renderD128"}, ""),
    "videotoolbox": ("Apple", {"q:v": "75", "bf": "0"}, "p010le"),
}
_TITLES = {"h264": "H.264", "hevc": "H.265"}


def _hap(kind: str, tag: str) -> Coding:
    return Coding("hap", "rgba", "full", 8, False, {"format:v": kind, "chunks": "4", "tag": tag})


def _hardware(family: str, vendor: str) -> ExportFormat:
    title, options, deep = _VENDORS[vendor]
    deeper = family == "hevc"
    own = dict(options)
    if vendor == "vaapi":
        own["vf"] = f"format={'p010' if deeper else 'nv12'},hwupload"
    elif deeper:
        own["pix_fmt"] = deep
    if deeper:
        own |= {"tag": "hvc1"} | ({} if vendor == "qsv" else {"profile:v": "main10"})
    coding = Coding(
        f"{family}_{vendor}", "yuv420p10le" if deeper else "yuv420p", "legal", 10 if deeper else 8, False, own
    )
    return ExportFormat(
        f"{'h265' if deeper else family}-{vendor}",
        f"{_TITLES[family]} preview, {title}",
        (".mp4", ".mov", ".mkv"),
        f"As {'h265' if deeper else family}, coded by the graphics card.",
        coding,
        coding,
        external=True,
    )


_ALL = (
    ExportFormat(
        "hap", "HAP", (".mov",),
        "For media servers and VJ programs, decoded on the graphics card; sides that 4 divides.",
        None, _hap("hap", "Hap1"), external=True,
    ),
    ExportFormat(
        "hap-q", "HAP Q", (".mov",),
        "As HAP, better looking and larger.",
        None, _hap("hap_q", "HapY"), external=True,
    ),
    ExportFormat(
        "hap-alpha", "HAP Alpha", (".mov",),
        "As HAP, with alpha.",
        None, None, _hap("hap_alpha", "Hap5"), external=True,
    ),
    *(_hardware(family, vendor) for family in _TITLES for vendor in _VENDORS),
)  # fmt: skip

FFMPEG_FORMATS: dict[str, ExportFormat] = {fmt.id: fmt for fmt in _ALL}

"""First bytes by which containers are known."""

from __future__ import annotations

EBML = b"\x1a\x45\xdf\xa3"  # Matroska, WebM
MXF = b"\x06\x0e\x2b\x34"
MXF_PARTITION = MXF + b"\x02\x05\x01\x01"
ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
PROGRAM_STREAM = b"\x00\x00\x01\xba"
FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free", b"pnot", b"styp")
"""Kinds of the first box of a MOV or MP4, four bytes into the file."""

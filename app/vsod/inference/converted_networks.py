"""Networks converted for OpenVINO, kept in the cache: each in one checksummed file, for one signature."""

from __future__ import annotations

import glob
import hashlib
import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vsod.storage import cache, envelope

_KIND = "network"
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Network:
    """A converted network, as OpenVINO reads it.

    Attributes:
        xml: Its graph.
        bin: Its constants.
    """

    xml: bytes
    bin: bytes


@dataclass(frozen=True, slots=True)
class ConvertedNetwork:
    """Where a converted network is kept, and what for.

    Attributes:
        file: In the cache.
        key: All that it depends on.
    """

    file: Path
    key: str

    def read(self) -> Network | None:
        """The network; None if it is not there, or damaged: then it is to be converted anew."""
        return envelope.read_or_discard(self.file, self._read, "the network is converted anew")

    def _read(self) -> Network:
        _, payload = envelope.read(self.file, _KIND, key=self.key)
        (length,) = _LENGTH.unpack_from(payload)
        split = _LENGTH.size + length
        return Network(payload[_LENGTH.size : split], payload[split:])

    def write(self, network: Network) -> None:
        """Keep it.

        Raises:
            OutputError: The disk refuses.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            pieces = [_LENGTH.pack(len(network.xml)), network.xml, network.bin]
            envelope.write(self.file, _KIND, pieces, key=self.key)
        except OSError as error:
            raise cache.unwritable(self.file, error) from error

    def compiled(self, target: str) -> ConvertedNetwork:
        """Where the network compiled for a ``target`` is kept, beside this: its ``bin`` alone is used.

        Args:
            target: Shapes, precision and processor: all that compiling depends on beside the network.
        """
        number = hashlib.sha256(target.encode()).hexdigest()[:8]
        return ConvertedNetwork(self.file.with_stem(f"{self.file.stem}-{number}"), f"{self.key}|{target}")

    def discard(self) -> None:
        """Forget it, and what was compiled of it; never raises."""
        with suppress(OSError):
            for file in self.file.parent.glob(f"{glob.escape(self.file.stem)}-*{self.file.suffix}"):
                file.unlink()
        with suppress(OSError):
            self.file.unlink()


def converted_network(
    name: str, signature: str, version: str, part: str, home: Path | None = None
) -> ConvertedNetwork:
    """Where one part of a network is kept.

    Args:
        name: Of its model or file, for people who look into the cache.
        signature: See :mod:`vsod.inference.model_signature`.
        version: Of OpenVINO.
        part: Of the network, lower case.
        home: Its folder; default: that of all converted networks.

    Raises:
        OutputError: The cache cannot be written.
    """
    plain = re.sub(r"[^\w.+-]", "_", name, flags=re.ASCII)[:100] or "_"
    version = re.sub(r"[^\w.]", "_", version)[:40]
    file = f"{plain}-{signature[:16]}-ov{version}-{part}.net"
    return ConvertedNetwork((home or cache.folder("compiled")) / file, f"{signature}|{part}|ov{version}")

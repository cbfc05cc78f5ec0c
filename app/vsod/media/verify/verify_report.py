"""What reading an export back has shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vsod.core.clip import ClipInfo
from vsod.core.output_frame import FileContent
from vsod.core.source_settings import DEFAULT_SOURCE_SETTINGS, SourceSettings
from vsod.media.verify.matte_stability import MatteStability


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. ``ok`` is None where it is only worth a warning."""

    id: str
    ok: bool | None
    message: str


@dataclass(slots=True)
class VerifyReport:
    """What reading a matte back has shown.

    Attributes:
        source, matte: What was compared.
        checks: One entry for everything looked at, in order.
        content: What the export holds.
        export: The export as it was opened; None if it could not be.
        frames: Source frame that lies under every frame of it.
        stability: Area, holes and changes of the matte, frame by frame.
        source_settings: How the source is read.
    """

    source: Path
    matte: Path
    checks: list[Check] = field(default_factory=list)
    content: FileContent = "matte"
    export: ClipInfo | None = None
    frames: list[int] = field(default_factory=list)
    stability: MatteStability = field(default_factory=MatteStability)
    source_settings: SourceSettings = DEFAULT_SOURCE_SETTINGS

    @property
    def ok(self) -> bool:
        """True if nothing failed; warnings do not count."""
        return all(check.ok is not False for check in self.checks)

    @property
    def failures(self) -> list[str]:
        """The messages of the checks that failed."""
        return [check.message for check in self.checks if check.ok is False]

    @property
    def warnings(self) -> list[str]:
        """The messages of the checks that only warn."""
        return [check.message for check in self.checks if check.ok is None]

    def as_json(self) -> dict[str, Any]:
        """A JSON-ready report."""
        course = self.stability
        known = np.array(course.area or [0.0])
        return {
            "source": str(self.source),
            "matte": str(self.matte),
            "ok": self.ok,
            "checks": [asdict(check) for check in self.checks],
            "frames": len(course.area),
            "area": {
                "min": round(float(known.min()), 6),
                "mean": round(float(known.mean()), 6),
                "max": round(float(known.max()), 6),
            },
            "by_frame": {
                name: [round(value, 5) for value in getattr(course, name)]
                for name in ("area", "holes", "change")
            },
        }

    def add(self, id: str, ok: bool | None, message: str) -> None:
        """Append a check."""
        self.checks.append(Check(id, ok, message))

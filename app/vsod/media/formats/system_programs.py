"""Programs of this machine that we start: where they are.

Only absolute folders of PATH are looked into: the current one, which Windows searches first and a PATH with an
empty or relative entry anywhere, may be full of a stranger's files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows opens one for every program otherwise


def find_program(name: str) -> str | None:
    """Absolute path of a program, ``"ffmpeg"`` say; None if there is none on the path."""
    file = f"{name}.exe" if os.name == "nt" else name
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if Path(folder).is_absolute():
            # a path is not searched for: it is the program, or it is not
            found = shutil.which(str(Path(folder) / file))
            if found is not None:
                return found
    return None

"""Where the repository and the shared material lie, wherever a test stands."""

import os
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
SHARED = Path(os.environ.get("VSOD_SHARED") or ROOT.parent / "shared")

from vsod.api import ClipSettings as ClipSettings
from vsod.api import ExportSettings as ExportSettings
from vsod.api import MatteSettings as MatteSettings
from vsod.api import SourceSettings as SourceSettings
from vsod.api import extract_matte as extract_matte
from vsod.api import open_clip as open_clip
from vsod.api import verify as verify

__version__: str

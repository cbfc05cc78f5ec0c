"""The kinds of files that the file dialogs offer."""

from __future__ import annotations

from vsod.gui.toolkit.translation import tr
from vsod.pipeline.find_clips import clip_suffixes
from vsod.project.project import PROJECT_SUFFIX


def file_filters() -> str:
    """What can be opened, then each kind of it, then all files; for :class:`QFileDialog`."""
    (videos, images), projects = clip_suffixes(), [PROJECT_SUFFIX]
    kinds = [
        (tr("Clips and projects"), [*videos, *images, *projects]),
        (tr("Videos"), videos),
        (tr("Images"), images),
        (tr("Projects"), projects),
    ]
    named = [f"{name} ({' '.join(f'*{suffix}' for suffix in suffixes)})" for name, suffixes in kinds]
    return ";;".join([*named, f"{tr('All files')} (*)"])

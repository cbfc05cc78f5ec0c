"""Data sets with masks, in the layouts they are downloaded in."""

from vsod.lab.datasets.labelled_clips import (
    VAL_CLIPS,
    FrameMasks,
    LabelledClip,
    frames_by_name,
    labelled_clips,
)
from vsod.lab.datasets.labelled_photos import LabelledPhoto, labelled_photos

__all__ = [
    "VAL_CLIPS",
    "FrameMasks",
    "LabelledClip",
    "LabelledPhoto",
    "frames_by_name",
    "labelled_clips",
    "labelled_photos",
]

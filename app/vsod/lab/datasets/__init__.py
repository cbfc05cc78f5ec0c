"""Data sets with masks, in the layouts they are downloaded in."""

from vsod.lab.datasets.data_sets import DataSet, find_data_sets
from vsod.lab.datasets.label_files import Label, LabelFolders
from vsod.lab.datasets.labelled_clips import (
    VAL_CLIPS,
    FrameMasks,
    LabelledClip,
    frames_by_name,
    labelled_clips,
)
from vsod.lab.datasets.labelled_photos import LabelledPhoto, Photo, labelled_photos

__all__ = [
    "VAL_CLIPS",
    "DataSet",
    "FrameMasks",
    "Label",
    "LabelFolders",
    "LabelledClip",
    "LabelledPhoto",
    "Photo",
    "find_data_sets",
    "frames_by_name",
    "labelled_clips",
    "labelled_photos",
]

"""The truth of data sets as they are downloaded, beside the plain folders of PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from vsod.errors import DataError
from vsod.lab.datasets import FrameMasks, find_data_sets
from vsod.lab.labels.clip_folders import frame_places
from vsod.lab.labels.map_folders import Key, MapFolder, resized
from vsod.lab.training.train import training_clips


class DataSetTruth(MapFolder):
    """The masks of what is for training in data sets of video, sparse or not.

    Args:
        root: A data set, or a folder of them.

    Raises:
        DataError: There is no data set of video.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[Key, Path] = {}
        self._masks: dict[Key, tuple[FrameMasks, int]] = {}
        sets = [one for one in find_data_sets([root]) if one.kind == "clips"]
        for clip in (clip for one in sets for clip in training_clips(one)):
            with clip.open() as source:
                masks = clip.masks(source.info)
                numbers = {ordinal: number for number, ordinal in frame_places(source.info).items()}
            for ordinal in masks:
                key = clip.name, numbers[ordinal]
                self.files[key] = clip.truth or clip.source
                self._masks[key] = masks, ordinal
        if not self.files:
            raise DataError("no clips with masks", where=root)

    def mask(self, key: Key, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """See :meth:`MapFolder.mask`; what the subject is, the data set's layout tells."""
        masks, ordinal = self._masks[key]
        return np.asarray(resized((masks[ordinal] > 0).astype(np.float32), size) > 0.5, np.bool_)


def open_truth(root: Path) -> MapFolder:
    """Masks as ``<clip>/00012.png``, or those of a data set as downloaded.

    Raises:
        DataError: It is neither.
    """
    try:
        return MapFolder(root)
    except DataError as error:
        try:
            return DataSetTruth(root)
        except DataError as other:
            raise (other if "known" not in other.what and root.is_dir() else error) from None

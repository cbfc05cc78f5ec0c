"""What the window calls the choices of a matte setting, and what it says about each setting. In English."""

from __future__ import annotations

_CHOICE_TITLES = {
    "meanfield": "Standard",
    "pydensecrf": "Reference (pydensecrf)",
    "pymatting": "PyMatting",
    "plain": "Plain (bilinear)",
}

TIPS = {
    "temporal_smoothing": (
        "Steadies the matte from frame to frame, along the motion. Lower it where fast hands or legs "
        "leave a trail."
    ),
    "crf": (
        "Draws the outline anew along edges of colour. Try it where the outline is off and the "
        "subject's colours differ from what is around it; hair, thin parts and blur suffer, and an "
        "export is some 0.1 s a frame slower. Auto does what the model was published with."
    ),
    "edges": (
        "How the outline finds the edges in the picture. Guided suits most clips, Soft hair and "
        "motion blur; PyMatting is as soft, finer and slow; Plain does not look at the picture."
    ),
    "threshold": (
        "Makes the matte black and white: what lies above is subject. For garbage mattes and programs"
        " that take no grey; lower it to take in more."
    ),
    "despeckle": "Removes islands of fewer pixels. For specks beside the subject.",
    "fill_holes": "Fills holes of fewer pixels. For gaps inside the subject.",
    "grow": (
        "Moves the outline outwards, below 0 inwards. Shrink by a pixel or two where a rim of the old"
        " background shows; grow for a garbage matte."
    ),
    "feather": "Blurs the edge of the matte. A little hides a hard or jagged outline over a new background.",
    "black": "What is darker becomes black. Raise it to clear a grey haze beside the subject.",
    "white": "What is brighter becomes white. Lower it to close see-through places in the subject.",
    "gamma": (
        "Lightness of the half tones; black and white stay. Above 1 soft edges get denser, below 1 thinner."
    ),
    "invert": "The background instead of the subject. To blur, darken or replace what is around it.",
}
"""By the name of the setting: what it does to the picture, and when to use it."""


def choice_title(word: str) -> str:
    """What the window calls a choice of a matte setting, in English."""
    return _CHOICE_TITLES.get(word, word.capitalize())

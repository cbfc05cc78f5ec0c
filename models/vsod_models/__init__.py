"""Saliency networks, optical flow, priors, refiners, metrics and training.

A library of its own: it knows nothing of the application, of Qt or of PyAV.
Importing a subpackage imports torch only where networks live.
"""

"""Frames in, a file or an image folder out."""

"""The picture and how it is looked at."""

"""Synthetic media and oracles shared by the tests; tested themselves."""

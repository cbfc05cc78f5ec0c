"""The command line: parse everything, then run. A leaf: nothing imports it."""

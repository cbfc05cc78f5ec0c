"""Model models, devices, backends, prediction, finishing and the map store."""

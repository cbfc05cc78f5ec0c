"""Model cards, devices, backends, prediction, finishing and the map store."""

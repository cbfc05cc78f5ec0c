"""One controller per task of the window."""

"""Text for and from other programs (markers); no media."""

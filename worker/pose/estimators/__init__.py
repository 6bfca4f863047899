"""Where the joints are (plug-in point)."""

"""Who is in the picture (plug-in point)."""

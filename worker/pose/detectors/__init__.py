"""Person detectors: who is in a picture, and where (plug-in point)."""

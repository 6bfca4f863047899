"""Blocks of frames, smoothing, landmark sets."""

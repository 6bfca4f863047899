"""Frames out of a file."""

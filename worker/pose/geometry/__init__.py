"""Geometry of pictures: boxes, and rotated square regions."""

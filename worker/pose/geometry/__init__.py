"""Boxes and regions."""

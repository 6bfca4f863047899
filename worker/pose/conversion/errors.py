"""Errors of fetching, verifying and converting model weights."""

from __future__ import annotations


class WeightsError(Exception):
    """Weights could not be fetched, verified, converted or found; the text says what to do."""


class ConversionError(WeightsError):
    """A source graph contains something that the converter does not support."""

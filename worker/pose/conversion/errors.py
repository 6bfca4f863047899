"""Errors of getting and converting model weights."""

from __future__ import annotations


class WeightsError(Exception):
    """Model weights could not be fetched, verified, converted or found; the text says how to mend
    it.
    """


class ConversionError(WeightsError):
    """A source graph holds something that the converter does not know."""

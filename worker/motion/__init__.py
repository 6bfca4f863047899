"""Poses to messages: pure, deterministic, a bounded look-ahead behind the frames it is fed."""

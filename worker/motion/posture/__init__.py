"""The posture guide."""

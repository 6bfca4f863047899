"""Frames to poses: models, inference sessions, detection, subject tracking, estimation."""

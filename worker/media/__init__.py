"""Bytes to frames to bytes: every media file is parsed in a child process, never in this one."""

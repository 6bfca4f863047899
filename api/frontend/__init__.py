"""Serving of the pages: static assets, content security policy."""

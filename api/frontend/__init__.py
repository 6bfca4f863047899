"""Serving the page: asset manifest, content security policy."""

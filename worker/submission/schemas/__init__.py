"""Models of what clients request, by HTTP or in a manifest."""

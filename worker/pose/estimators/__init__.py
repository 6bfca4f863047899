"""Joint estimators: where the joints of a person are (plug-in point)."""

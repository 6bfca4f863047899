"""Writing the annotated video."""

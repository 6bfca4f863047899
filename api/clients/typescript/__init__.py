"""The TypeScript client: one file, and the generator of its types."""

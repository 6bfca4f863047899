"""The TypeScript client: one file, and what generates its types."""

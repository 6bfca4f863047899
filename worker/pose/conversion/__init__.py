"""Tflite/tfjs → ONNX; needed only when installing weights; imported lazily."""

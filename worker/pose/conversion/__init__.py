"""Conversion of TFLite and TensorFlow.js models to ONNX; imported only to install weights."""

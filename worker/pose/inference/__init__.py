"""ONNX Runtime: sessions, execution providers, IO binding, preprocessing."""

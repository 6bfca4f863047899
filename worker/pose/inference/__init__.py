"""Onnxruntime: sessions, providers, GPU binding, preprocessing."""

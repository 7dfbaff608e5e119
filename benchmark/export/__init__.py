"""Exports compressed models for other software: folders for plain transformers where possible, model cards, ONNX."""

"""Compressed models for use elsewhere: folders that plain transformers loads where it can, model cards, ONNX."""

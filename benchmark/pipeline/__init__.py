"""Training a cut model as a real pipeline: one process per stage, and compressed messages between them."""

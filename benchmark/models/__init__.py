"""Speech foundation models: loading, saving, their compressible parts, forward passes."""

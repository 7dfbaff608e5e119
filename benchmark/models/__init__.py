"""Speech foundation models with a CTC head: loading, saving, their compressible parts, forward passes."""

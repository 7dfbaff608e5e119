"""The rows of a study, and how they compare."""

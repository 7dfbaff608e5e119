"""The model families: one class per family holds all that the suite has to know about it."""

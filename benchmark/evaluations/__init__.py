"""Evaluations: what is measured of a finished run on a split, one file each; the study names those it wants."""

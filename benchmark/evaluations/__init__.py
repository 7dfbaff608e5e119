"""Evaluations: measurements of a finished run on a split, one per file. A study names the evaluations that it uses."""

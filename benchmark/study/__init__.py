"""Describes a study: its YAML file, its methods, the plan of its runs, and its needs. Nothing is run here."""

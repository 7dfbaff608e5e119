"""Describes a study: its YAML file, its methods, the plan of its runs, and what it needs. Nothing is run here."""

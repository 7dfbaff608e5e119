"""The words of the report: its templates, and the functions that fill them."""

"""The modules of the page, one subject each."""

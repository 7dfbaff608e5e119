"""From a plan to a record: the dense model, compression, transcripts, error counts, and what is published of them."""

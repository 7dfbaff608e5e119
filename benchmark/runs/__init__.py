"""The steps from a plan to a record: the dense model, compression, transcripts, error counts and publication."""

"""Randomised smoothing: a transcript is put to the vote among noisy copies of its recording, and certified."""

"""The forms that an encoder matrix can take in memory and on disk."""

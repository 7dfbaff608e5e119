"""The forms that an encoder matrix can take: each class says what is stored, what counts and how it is rebuilt."""

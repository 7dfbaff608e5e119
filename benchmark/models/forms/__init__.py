"""The forms that an encoder matrix can take: one class each says what is stored and counted, and how it is rebuilt."""

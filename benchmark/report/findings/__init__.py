"""What a study's numbers say, in sentences, and what qualifies them."""

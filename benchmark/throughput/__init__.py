"""Training speed of a plain step, of each method's step and of Hugging Face's Trainer, and the cost of a study."""

"""How fast the suite trains: a plain step, each method's step, Hugging Face's Trainer; and what a study will cost."""

"""What all compression methods share: contract, budget, training, models, corpora, scoring, records and reports."""

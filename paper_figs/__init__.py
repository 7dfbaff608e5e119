"""The paper's tables and figures, from CSV files alone: what the studies left in results/, and published.csv."""

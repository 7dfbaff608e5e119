"""The paper's tables and figures, made only from CSV files: the studies' files in results/, and published.csv."""

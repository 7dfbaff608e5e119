"""Makes the tables, figures and page of a study from its runs' records; nothing here trains or needs torch."""

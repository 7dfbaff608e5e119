"""From the runs' records to the tables, figures and page of a study; nothing here trains or needs torch."""

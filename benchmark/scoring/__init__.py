"""Word error rate, matched-pairs significance test (MAPSSWE, as in NIST SCTK), bootstrap intervals, Holm. No torch."""

"""Word error rate, matched-pairs significance (MAPSSWE, as NIST SCTK), bootstrap intervals, Holm. No torch."""

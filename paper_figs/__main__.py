"""All tables and figures of the paper."""

from __future__ import annotations

import sys

from paper_figs import claims_table, main_table, pages, published_table, superb_points, wer_against_ratio

SCRIPTS = (main_table, claims_table, published_table, wer_against_ratio, superb_points)

if __name__ == "__main__":
    sys.exit(pages.run([script.build for script in SCRIPTS], __doc__))

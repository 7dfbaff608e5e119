"""Random sentences over few words, so that ties and repetitions abound."""

from __future__ import annotations

from hypothesis import strategies as st

sentences = st.lists(st.sampled_from("abcd"), max_size=8)
corpora = st.lists(st.tuples(sentences, sentences, sentences), min_size=1, max_size=12)

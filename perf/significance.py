"""Time to compare 20 systems in all 190 pairs on 2,620 utterances, the size of LibriSpeech test-clean.

Run it from the top folder: `python -m perf.significance`.
"""

from __future__ import annotations

import random
import time

from benchmark.scoring.significance import compare_all
from perf import run

SYSTEMS, UTTERANCES, SPEAKERS, WORDS, VOCABULARY = 20, 2620, 40, 20, 5000


def main() -> None:
    """Make the systems, compare them and print the seconds."""
    rng = random.Random(0)
    vocabulary = [f"word{number}" for number in range(VOCABULARY)]
    texts = {
        f"{number % SPEAKERS}-{number}": rng.choices(vocabulary, k=max(1, round(rng.gauss(WORDS, 8))))
        for number in range(UTTERANCES)
    }
    references = {name: " ".join(words) for name, words in texts.items()}
    systems = {}
    for number in range(SYSTEMS):
        rate = 0.03 + 0.01 * number
        systems[f"system{number}"] = {name: recognised(words, rate, vocabulary, rng) for name, words in texts.items()}
    start = time.perf_counter()
    comparisons = compare_all(references, systems)
    seconds = time.perf_counter() - start
    best, worst = comparisons[0].errors_a.wer, comparisons[-1].errors_b.wer
    print(f"{SYSTEMS} systems at {100 * best:.1f} to {100 * worst:.1f} % WER, {UTTERANCES} utterances")
    print(f"{len(comparisons)} pairs in {seconds:.1f} s")


def recognised(words: list[str], rate: float, vocabulary: list[str], rng: random.Random) -> str:
    """Simulated output of a recogniser. About six of ten errors are substitutions, two deletions and two insertions."""
    output = []
    for word in words:
        kind = rng.random() if rng.random() < rate else None
        if kind is None:
            output.append(word)
        elif kind < 0.6:
            output.append(rng.choice(vocabulary))
        elif kind < 0.8:
            output += [word, rng.choice(vocabulary)]
    return " ".join(output)


if __name__ == "__main__":
    run(main)

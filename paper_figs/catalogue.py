"""The studies that the pages may cover: their models, what they are, and the protocol that their WERs follow."""

from __future__ import annotations

from dataclasses import dataclass

from paper_figs.published import CTC, WHISPER

GATES = "self_pinching"
# Xu et al. compare these methods; the pages add the controls and leave the other methods to the studies' own pages.
PAPER_METHODS = ("dense", GATES, "nas_channel", "uniform_magnitude", "self_pinching_structured", "distillation")
PAPER_MODELS = ("wav2vec2-base", "HuBERT-large")
EMBEDDED = "Embedded model"


@dataclass(frozen=True)
class About:
    """What a study is, apart from its numbers; `data` says what the model learns from."""

    model: str
    data: str
    protocol: str


ABOUT = {
    "whisper-tiny": About("Whisper tiny.en", "compressed on LibriSpeech dev-clean", WHISPER),
    "whisper-base": About("Whisper base", "compressed on LibriSpeech dev-clean", WHISPER),
    "librispeech": About("wav2vec2-base", "fine-tuned and compressed on LibriSpeech train-clean-100", CTC),
    "librispeech-hubert-large": About("HuBERT-large", "fine-tuned and compressed on LibriSpeech train-clean-100", CTC),
    "librispeech-full": About("wav2vec2-base", "fine-tuned and compressed on LibriSpeech train-clean-100", CTC),
    "an4": About(EMBEDDED, "fine-tuned and compressed on real speech (CMU AN4)", CTC),
    "mini-full": About(EMBEDDED, "trained and compressed on the embedded corpus of synthetic speech", CTC),
    "mini": About(EMBEDDED, "trained and compressed on the embedded corpus of synthetic speech", CTC),
}
# Foundation models and real speech come first.
DEFAULT = ("whisper-tiny", "whisper-base", "librispeech", "librispeech-hubert-large", "an4", "mini-full")

"""The processor beside a CTC model's weights: wav2vec 2.0's feature extractor and tokenizer of letters."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from transformers import Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor
from transformers import Wav2Vec2Processor as Processor
from typing_extensions import TypedDict

from benchmark.models.foreign_files import errors_in_one_line
from benchmark.models.vocabulary import BLANK, WORD_DELIMITER, Vocabulary
from benchmark.system.files import write_json
from benchmark.system.validated import checked

FILES = ("processor_config.json", "preprocessor_config.json")


class _Extractor(TypedDict):
    do_normalize: bool
    sampling_rate: Literal[16000]
    feature_size: Literal[1]


def normalises_audio(folder: Path) -> bool:
    """Whether a folder's feature extractor asks for audio of zero mean and unit variance; true without one.

    Raises:
        UserError: it cannot be read, or is for another rate than 16 kHz or another number of channels than one.
    """
    if not any((folder / name).exists() for name in FILES):
        return True
    with errors_in_one_line(f"{folder / 'preprocessor_config.json'} cannot be read"):
        extractor: Any = Wav2Vec2FeatureExtractor.from_pretrained(folder)
    values = {name: getattr(extractor, name, None) for name in _Extractor.__annotations__}
    return checked(values, _Extractor, f"feature extractor of {folder}")["do_normalize"]


def save(folder: Path, vocabulary: Vocabulary, *, normalise_audio: bool, attention_mask: bool) -> None:
    """Write the feature extractor and the tokenizer, as plain `transformers` loads them."""
    write_json(folder / "vocab.json", vocabulary.tokens)
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), pad_token=BLANK, word_delimiter_token=WORD_DELIMITER)
    extractor = Wav2Vec2FeatureExtractor(do_normalize=normalise_audio, return_attention_mask=attention_mask)
    Processor(extractor, tokenizer).save_pretrained(folder)

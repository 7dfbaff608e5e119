"""A tiny Whisper with random weights: windows of two seconds, and a tokenizer whose tokens are bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import pre_tokenizers
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration, WhisperTokenizer
from transformers import WhisperFeatureExtractor as Extractor

from benchmark.models.architectures.whisper_text import WhisperText
from benchmark.models.checkpoints import SpeechModel, save_dense

END, START, ENGLISH, GERMAN, TRANSCRIBE, SILENT = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|de|>",
    "<|transcribe|>",
    "<|notimestamps|>",
)
WINDOW_SECONDS = 2


def byte_tokenizer() -> Any:
    """One token per byte, then the special tokens."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = [START, ENGLISH, GERMAN, TRANSCRIBE, SILENT]
    vocabulary = {letter: id for id, letter in enumerate(letters)}
    return WhisperTokenizer(vocab=vocabulary, merges=[], additional_special_tokens=special)


def tiny_whisper(*, multilingual: bool = False, ends: int | None = None, **changes: Any) -> SpeechModel:
    """Two layers each in encoder and decoder. It writes without end, or ends its texts after `ends` tokens."""
    tokenizer = byte_tokenizer()
    id_of = tokenizer.convert_tokens_to_ids
    shape: dict[str, Any] = {
        "d_model": 32,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 64,
        "num_mel_bins": 16,
        "max_source_positions": 50 * WINDOW_SECONDS,
        "max_target_positions": 64,
        "dropout": 0.0,
    }
    tokens = {"bos_token_id": id_of(END), "eos_token_id": id_of(END), "pad_token_id": id_of(END)}
    start = {"decoder_start_token_id": id_of(START)}
    languages = {
        "lang_to_id": {ENGLISH: id_of(ENGLISH), GERMAN: id_of(GERMAN)},
        "task_to_id": {"transcribe": id_of(TRANSCRIBE)},
    }
    torch.manual_seed(0)
    config = WhisperConfig(vocab_size=len(tokenizer), **tokens, **start, **(shape | changes))
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        **tokens,
        **start,
        max_length=64,
        suppress_tokens=[5],
        begin_suppress_tokens=[id_of(END), 7],
        no_timestamps_token_id=id_of(SILENT),
        is_multilingual=multilingual,
        **(languages if multilingual else {}),
    )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("weight", "bias")) and "norm" not in name:
                parameter.normal_(std=0.3 if "embed_tokens" in name else 0.15)
        if ends is not None:
            decoder: Any = model.model.decoder
            prompt = 4 if multilingual else 2
            decoder.embed_positions.weight[prompt - 1 + ends :] += 50 * decoder.embed_tokens.weight[id_of(END)]
    model.eval()
    return SpeechModel(model, WhisperText(tokenizer, limit=59), normalise_audio=False)


def write_tiny_whisper(folder: Path, **changes: Any) -> Path:
    """Write it as plain `transformers` has it."""
    save_dense(tiny_whisper(**changes), folder)
    return folder


def extractor() -> Extractor:
    """The feature extractor of transformers for it."""
    return Extractor(feature_size=16, chunk_length=WINDOW_SECONDS)

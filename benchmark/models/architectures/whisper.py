"""Whisper (Radford et al., ICML 2023): `WhisperForConditionalGeneration`, English-only or multilingual."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn
from transformers import (
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures import whisper_attention
from benchmark.models.architectures.architecture import Transcript
from benchmark.models.architectures.sizes import SIZES, ModelConfig
from benchmark.models.architectures.whisper_config import check
from benchmark.models.architectures.whisper_decoding import greedy_tokens
from benchmark.models.architectures.whisper_layers import WhisperLayers, parts
from benchmark.models.architectures.whisper_text import WhisperText, generation_config, prompt
from benchmark.models.batch import Batch
from benchmark.models.foreign_files import errors_in_one_line
from benchmark.models.output import Output, recorded_layers
from benchmark.system.errors import UserError

SAMPLES_PER_FRAME = 320  # a spectrum every 10 ms, and a convolution of stride 2
TOKENS_PER_SECOND = 4.0  # of read English (LibriSpeech), for the cost of a forward without a transcript
PROMPT_AND_END = 5  # the most tokens around a transcript
LONGEST_TEXT = 8.0, 16  # tokens per second and at least, after which a transcript is cut: twice what fast speech has


class Whisper(WhisperLayers):
    """Log-mel spectra of a window of 30 s, two convolutions, a Transformer encoder, and one that writes tokens.

    The front-end is the spectra and the convolutions. Every window is as long as the model was trained on, filled up
    with silence: the encoder has a position for each of its frames, and does not know which ones are silence.
    """

    sizes = SIZES["whisper"]
    decoding = "whisper"

    def check_config(self, values: dict[str, Any], where: str) -> None:  # noqa: D102
        check(values, where)

    def build(self, config: PreTrainedConfig) -> PreTrainedModel:  # noqa: D102
        model = WhisperForConditionalGeneration(cast(WhisperConfig, config))
        model.set_attn_implementation(whisper_attention.NAME)
        return model

    def load(self, folder: Path, source: str | Path, *, fresh_head: bool) -> PreTrainedModel:  # noqa: D102
        family: Any = WhisperForConditionalGeneration  # whose stubs lack the second result
        with errors_in_one_line(f"{source} cannot be loaded"):
            model, info = family.from_pretrained(
                folder, output_loading_info=True, dtype=torch.float32, attn_implementation=whisper_attention.NAME
            )
        if missing := sorted(info["missing_keys"]):
            lacks = f"{len(missing)} tensors are missing, the first is {missing[0]}"
            raise UserError(f"{source} is not a Whisper checkpoint: {lacks}")
        model.model.encoder.embed_positions.requires_grad_(False)  # sinusoids, as when it is built
        return cast(PreTrainedModel, model)

    def load_beside(self, model: PreTrainedModel, folder: Path) -> None:
        """The generation config: prompt, language, and the tokens that are never written."""
        with errors_in_one_line(f"{folder / 'generation_config.json'} cannot be read"):
            model.generation_config = GenerationConfig.from_pretrained(folder)

    def load_tokenizer(self, folder: Path, config: PreTrainedConfig, *, fresh_head: bool) -> WhisperText:  # noqa: D102
        self.sizes.check_tokenizer(folder, cast(ModelConfig, config.to_dict()))
        return WhisperText.load(folder, config.max_target_positions - PROMPT_AND_END)

    def normalises_audio(self, folder: Path) -> bool:
        """Never: spectra are scaled instead."""
        return False

    def save_processor(  # noqa: D102
        self, folder: Path, model: PreTrainedModel, tokenizer: WhisperText, *, normalise_audio: bool
    ) -> None:
        tokenizer.tokenizer.save_pretrained(folder)
        extractor(model).save_pretrained(folder)
        generation = copy.deepcopy(generation_config(model))
        generation.num_beams = 1  # as it is measured here; a pipeline of transformers would search with five
        generation.save_pretrained(folder)

    def set_language(self, model: PreTrainedModel, language: str | None) -> None:
        """As `Architecture.set_language`. English-only models take none."""
        config: Any = generation_config(model)
        self.sizes.check_language(vars(config), language)
        if language is not None:
            config.language = language

    def front_end_module(self, model: PreTrainedModel) -> nn.Module:  # noqa: D102
        encoder = parts(model).encoder
        return nn.ModuleList([encoder.conv1, encoder.conv2])

    def freeze_front_end(self, model: PreTrainedModel) -> None:
        """As `Architecture.freeze_front_end`, and the token embedding too, which is also the output layer.

        The softmax pushes every token down that a batch lacks. That gradient is small, but of one sign, and Adam makes
        full steps of it: in a short training the model unlearns the words that the training speech lacks.
        """
        self.front_end_module(model).requires_grad_(False)
        parts(model).decoder.embed_tokens.requires_grad_(False)

    def front_end(self, model: PreTrainedModel, audio: torch.Tensor) -> torch.Tensor:
        """Features (batch, frames of a window, width) from audio (batch, samples), at most a window long.

        Raises:
            ValueError: the audio is longer than a window.
        """
        if audio.shape[1] > self.window_samples(model):
            raise ValueError(f"{audio.shape[1]} samples are more than a window of {self.window_samples(model)}")
        waves = list(audio.cpu().numpy())
        with torch.autocast(audio.device.type, enabled=False):  # spectra are computed in fp32
            spectra = extractor(model)(
                waves, sampling_rate=SAMPLE_RATE, return_tensors="pt", device=str(audio.device)
            ).input_features.to(audio.device)
        encoder = parts(model).encoder
        features = F.gelu(encoder.conv2(F.gelu(encoder.conv1(spectra))))
        return features.transpose(1, 2)

    def feature_channels(self, model: PreTrainedModel) -> int:  # noqa: D102
        return int(model.config.d_model)

    def frame_counts(self, model: PreTrainedModel, samples: torch.Tensor) -> torch.Tensor:
        """As `Architecture.frame_counts`, without the frames of the silence that fills the window."""
        frames = torch.div(samples + SAMPLES_PER_FRAME - 1, SAMPLES_PER_FRAME, rounding_mode="floor")
        return frames.clamp(max=model.config.max_source_positions).long()

    def frame_rate(self, model: PreTrainedModel) -> float:  # noqa: D102
        return SAMPLE_RATE / SAMPLES_PER_FRAME

    def window_samples(self, model: PreTrainedModel) -> int:
        """480,000 for the published models."""
        return int(model.config.max_source_positions * SAMPLES_PER_FRAME)

    def masks_padding(self, config: PreTrainedConfig) -> bool:
        """No: the silence after an utterance is a part of the window."""
        return False

    def metered_module(self, model: PreTrainedModel) -> nn.Module:
        """The layer norm after the encoder."""
        module: nn.Module = parts(model).encoder.layer_norm
        return module

    def forward(self, model: PreTrainedModel, batch: Batch, *, hidden_states: bool) -> Output:
        """As `Architecture.forward`. The logits are those of each label and of the end, after the true labels before.

        The hidden states are the encoder's.
        """
        stack = parts(model).encoder.layers if hidden_states else None
        with recorded_layers(stack) as states:
            encoded = self._encode(model, batch)
        start = prompt(model)
        tokens, lengths = _padded(batch, start, end=cast(int, generation_config(model).eos_token_id))
        decoded = parts(model).decoder(input_ids=tokens, encoder_hidden_states=encoded, use_cache=False)
        logits = cast(Any, model).proj_out(decoded.last_hidden_state[:, len(start) - 1 :])
        return Output(logits, lengths + 1, tuple(states))

    def _encode(self, model: PreTrainedModel, batch: Batch) -> torch.Tensor:
        """The encoder's output (batch, frames, width), from the front-end's output on."""
        features = batch.features
        if features is None:
            assert batch.audio is not None
            features = self.front_end(model, batch.audio)
        encoder = parts(model).encoder
        hidden = features + encoder.embed_positions.weight
        hidden = F.dropout(hidden, p=encoder.dropout, training=encoder.training)
        for layer in encoder.layers:
            hidden = layer(hidden, None)
        normed: torch.Tensor = encoder.layer_norm(hidden)
        return normed

    def loss(self, output: Output, batch: Batch, tokenizer: WhisperText) -> torch.Tensor:
        """Cross-entropy of the labels and the end, summed over an utterance, averaged over the batch, in nats."""
        end = tokenizer.tokenizer.eos_token_id
        wanted, lengths = _padded(batch, [], end=end)
        wanted = F.pad(wanted, (0, output.logits.shape[1] - wanted.shape[1]), value=end)
        losses = F.cross_entropy(output.logits.float().transpose(1, 2), wanted, reduction="none")
        return (losses * output.valid).sum() / len(lengths)

    def transcribe(self, model: PreTrainedModel, batch: Batch, tokenizer: WhisperText) -> list[Transcript]:
        """As `Architecture.transcribe`; a transcript is cut at a number of tokens that no speech of its length has."""
        written, limits = self._write(model, batch)
        return [
            Transcript(tokenizer.decode(tokens), cut=len(tokens) == limit)
            for tokens, limit in zip(written, limits, strict=True)
        ]

    def with_labels(self, model: PreTrainedModel, batch: Batch) -> Batch:
        """The batch with the model's own transcripts as labels, since the decoder needs a text to go on from."""
        written, _ = self._write(model, batch)
        device = batch.frames.device
        labels = [torch.tensor(tokens, dtype=torch.long, device=device) for tokens in written]
        return replace(
            batch, labels=torch.cat(labels), label_lengths=torch.tensor(list(map(len, labels)), device=device)
        )

    def _write(self, model: PreTrainedModel, batch: Batch) -> tuple[list[list[int]], list[int]]:
        """The tokens that a model writes for each utterance of a batch, and the limits of their numbers."""
        most = model.config.max_target_positions - len(prompt(model)) - 1
        per_second, least = LONGEST_TEXT
        seconds = [frames / self.frame_rate(model) for frames in batch.frames.tolist()]
        limits = [min(most, least + math.ceil(per_second * each)) for each in seconds]
        with torch.no_grad():
            return greedy_tokens(model, self._encode_by_windows(model, batch), limits), limits

    def _encode_by_windows(self, model: PreTrainedModel, batch: Batch) -> torch.Tensor:
        """As `_encode`, without gradients. On a CPU one window after the other, which then stays in the caches."""
        features = batch.features if batch.features is not None else self.front_end(model, cast(Any, batch.audio))
        windows = features.split(1 if features.device.type == "cpu" else len(features))
        return torch.cat([self._encode(model, replace(batch, features=each)) for each in windows])

    def probe(self, model: PreTrainedModel, seconds: float) -> Batch:
        """A whole window, whatever `seconds` says, with as many tokens as read English has."""
        seconds, device = self.window_samples(model) / SAMPLE_RATE, model.device
        audio = torch.zeros(1, self.window_samples(model), device=device)
        tokens = torch.zeros(round(TOKENS_PER_SECOND * seconds), dtype=torch.long, device=device)
        frames = torch.tensor([model.config.max_source_positions], device=device)
        return Batch(audio, None, frames, tokens, torch.tensor([len(tokens)], device=device), seconds)


def extractor(model: PreTrainedModel) -> WhisperFeatureExtractor:
    """The feature extractor of transformers for a model's window and spectra."""
    seconds = model.config.max_source_positions * SAMPLES_PER_FRAME // SAMPLE_RATE
    return WhisperFeatureExtractor(feature_size=model.config.num_mel_bins, chunk_length=seconds)


def _padded(batch: Batch, start: list[int], end: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The labels as rows (utterances, tokens), after `start`, filled up with `end`; and their numbers (utterances,)."""
    lengths = batch.label_lengths
    if not len(lengths):  # speech without labels
        lengths = torch.zeros_like(batch.frames)
    first = torch.tensor(start, dtype=torch.long, device=batch.frames.device)
    rows = [torch.cat([first, labels]) for labels in batch.labels.split(lengths.tolist())]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=end), lengths

"""Whisper: what is compressed, the same numbers as plain transformers, texts to the token, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_whisper import WINDOW_SECONDS, extractor, tiny_whisper, write_tiny_whisper

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.architectures.whisper_text import prompt
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, load, save
from benchmark.models.counting import count_parameters, multiply_accumulates
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.forward import forward
from benchmark.models.shapes import layer_shapes
from benchmark.models.source import encoder_parameters, estimated_parameters, read_config
from benchmark.system.errors import UserError
from benchmark.training.precision import computing_in


def audio(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise, float32 (samples,)."""
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * SAMPLE_RATE)).astype(np.float32)


def batch_of(speech_model: SpeechModel, texts: list[str]) -> Batch:
    """Utterances of different lengths with these texts."""
    waves = [torch.from_numpy(audio(0.7 + 0.3 * i, seed=i)) for i in range(len(texts))]
    padded = torch.nn.utils.rnn.pad_sequence(waves, batch_first=True)
    padded = torch.nn.functional.pad(padded, (0, WINDOW_SECONDS * SAMPLE_RATE - padded.shape[1]))
    labels = [torch.tensor(speech_model.tokenizer.encode(text)) for text in texts]
    frames = architecture_of(speech_model.model).frame_counts(
        speech_model.model, torch.tensor([len(wave) for wave in waves])
    )
    lengths = torch.tensor([len(each) for each in labels])
    return Batch(padded, None, frames, torch.cat(labels), lengths, float(WINDOW_SECONDS * len(texts)))


def test_with_the_front_end_the_token_embedding_is_frozen_and_nothing_else() -> None:
    model = tiny_whisper().model
    architecture_of(model).freeze_front_end(model)
    frozen = {name.split(".")[2] for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert frozen == {"conv1", "conv2", "embed_positions", "embed_tokens"}
    assert model.get_parameter("model.decoder.embed_positions.weight").requires_grad
    assert model.get_parameter("proj_out.weight") is model.get_parameter("model.decoder.embed_tokens.weight")


def test_the_six_matrices_of_an_encoder_layer_and_the_ten_of_a_decoder_layer() -> None:
    encoder = Encoder(tiny_whisper().model)
    names = [matrix.name for matrix in encoder]
    assert len(names) == 2 * 6 + 2 * 10
    assert [name for name in names if name.startswith("2.")] == [
        *("2.q", "2.k", "2.v", "2.out", "2.cross_q", "2.cross_k", "2.cross_v", "2.cross_out", "2.ffn_in", "2.ffn_out")
    ]
    assert encoder.parameters == 2 * (4 * 32 * 32 + 2 * 32 * 48) + 2 * (8 * 32 * 32 + 2 * 32 * 64)
    assert [(units.name, units.count) for units in encoder.heads] == [
        *(("0.heads", 2), ("1.heads", 2)),
        *(("2.heads", 4), ("2.cross_heads", 4), ("3.heads", 4), ("3.cross_heads", 4)),
    ]
    assert [matrix.kind for matrix in encoder if matrix.linear.bias is None] == ["k", "k", *["k", "cross_k"] * 2]
    assert {m.kind for m in encoder if m.layer == 3 and not m.reads_tokens} == {"cross_k", "cross_v"}


def test_sizes_without_torch_are_those_of_the_model(tmp_path: Path) -> None:
    config = read_config(write_tiny_whisper(tmp_path / "model"))
    model = load(tmp_path / "model").model
    assert encoder_parameters(config) == Encoder(model).parameters
    small = sum(p.numel() for name, p in model.named_parameters() if name.endswith("bias") or "norm" in name)
    assert estimated_parameters(config) == count_parameters(model) - small


def test_logits_and_loss_are_those_of_transformers_with_and_without_cached_features() -> None:
    whisper = tiny_whisper()
    batch = batch_of(whisper, ["a", "hello there", "ho ho"])
    assert batch.audio is not None
    architecture = architecture_of(whisper.model)
    waves = [wave[: round((0.7 + 0.3 * i) * SAMPLE_RATE)].numpy() for i, wave in enumerate(batch.audio)]
    spectra = extractor()(waves, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
    start, end = prompt(whisper.model), whisper.model.generation_config.eos_token_id
    losses = []
    with torch.inference_mode():
        output = forward(whisper.model, batch)
        features = architecture.front_end(whisper.model, batch.audio)
        cached = forward(whisper.model, Batch(None, features, batch.frames, batch.labels, batch.label_lengths, 6.0))
        for row, labels in enumerate(batch.labels.split(batch.label_lengths.tolist())):
            plain: Any = whisper.model
            tokens = torch.tensor([[*start, *labels.tolist()]])
            expected = plain(input_features=spectra[row : row + 1], decoder_input_ids=tokens).logits[
                0, len(start) - 1 :
            ]
            torch.testing.assert_close(output.logits[row, : len(labels) + 1], expected, atol=1e-4, rtol=1e-4)
            wanted = torch.tensor([*labels.tolist(), end])
            losses.append(torch.nn.functional.cross_entropy(expected, wanted, reduction="sum"))
        loss = architecture.loss(output, batch, whisper.tokenizer)
    torch.testing.assert_close(cached.logits, output.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(loss, torch.stack(losses).mean(), atol=1e-3, rtol=1e-4)
    assert output.lengths.tolist() == [3, 13, 7]  # a space before, the end after


@pytest.mark.parametrize("multilingual", [False, True])
def test_greedy_tokens_are_those_of_generate(multilingual: bool) -> None:
    whisper = tiny_whisper(multilingual=multilingual)
    architecture = architecture_of(whisper.model)
    if multilingual:
        architecture.set_language(whisper.model, "de")
    batch = batch_of(whisper, ["a"] * 6)
    assert batch.audio is not None
    waves = list(batch.audio.numpy())
    spectra = extractor()(waves, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
    plain: Any = whisper.model
    spoken = {"language": "de", "task": "transcribe"} if multilingual else {}
    generated = plain.generate(spectra, **spoken, max_new_tokens=20)
    mine = architecture.with_labels(whisper.model, batch)
    limits = [16 + -(-8 * frames // 50) for frames in batch.frames.tolist()]
    end = plain.generation_config.eos_token_id
    for row, labels in enumerate(mine.labels.split(mine.label_lengths.tolist())):
        theirs = [token for token in generated[row].tolist() if token < end]
        assert labels.tolist()[: len(theirs)] == theirs[: limits[row]]
        assert len(labels) <= limits[row]


def test_spectra_are_computed_in_fp32_whatever_the_model_computes_in() -> None:
    whisper = tiny_whisper()
    batch = batch_of(whisper, ["a", "b"])
    assert batch.audio is not None
    architecture, seen = architecture_of(whisper.model), []
    convolution: Any = architecture.front_end_module(whisper.model)
    convolution[0].register_forward_pre_hook(lambda _convolution, args: seen.append(args[0]))
    for precision in ("fp32", "bf16"):
        with torch.inference_mode(), computing_in(precision, batch.audio.device):
            features = architecture.front_end(whisper.model, batch.audio)
    assert features.dtype == torch.bfloat16
    assert torch.equal(*seen)


def test_a_text_without_end_is_cut_and_counted() -> None:
    whisper = tiny_whisper()
    end: Any = whisper.model.generation_config
    end.suppress_tokens = [end.eos_token_id]
    architecture = architecture_of(whisper.model)
    batch = batch_of(whisper, ["a", "b"])
    transcripts = architecture.transcribe(whisper.model, batch, whisper.tokenizer)
    assert all(transcript.cut for transcript in transcripts)
    lengths = architecture.with_labels(whisper.model, batch).label_lengths.tolist()
    assert lengths == [16 + -(-8 * frames // 50) for frames in batch.frames.tolist()]


def test_it_comes_back_from_its_folder_with_cut_heads_neurons_and_layers(tmp_path: Path) -> None:
    whisper = tiny_whisper()
    encoder = Encoder(whisper.model)
    encoder.arrange([[0, 1], [1]])
    cross = encoder.heads[-1]
    cross.cut(torch.tensor([True, False, True, False]))
    encoder.neurons[0].cut(torch.arange(48) < 17)
    save(whisper, tmp_path / "model")
    back = load(tmp_path / "model")
    assert layer_shapes(back.model) == [
        {"heads": 2, "neurons": 17, "ranks": {}},
        {"heads": 2, "neurons": 48, "ranks": {}},
        {"heads": 4, "cross_heads": 2, "neurons": 64, "ranks": {}},
    ]
    ours, theirs = plain_state(whisper.model), plain_state(back.model)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    batch = batch_of(back, ["a", "hello"])
    architecture = architecture_of(back.model)
    before = architecture.transcribe(whisper.model, batch, whisper.tokenizer)
    assert architecture.transcribe(back.model, batch, back.tokenizer) == before
    assert prompt(back.model) == prompt(whisper.model)


def test_a_cut_head_is_one_that_was_masked() -> None:
    whisper = tiny_whisper()
    batch = batch_of(whisper, ["hello", "a"])
    kept = torch.tensor([True, False, False, True])
    cross = Encoder(whisper.model).heads[-1]

    class Gate:
        mask = kept.float()

    handle = cross.masked(Gate())
    with torch.inference_mode():
        masked = forward(whisper.model, batch).logits
        handle.remove()
        cross.cut(kept)
        torch.testing.assert_close(forward(whisper.model, batch).logits, masked)


def test_operations_are_those_of_a_window_and_its_text() -> None:
    whisper = tiny_whisper()
    probe = architecture_of(whisper.model).probe(whisper.model, 10.0)
    assert probe.seconds == WINDOW_SECONDS
    frames, tokens, width = 50 * WINDOW_SECONDS, 2 + 4 * WINDOW_SECONDS, 32
    encoder = 2 * (frames * (4 * width**2 + 2 * width * 48) + 2 * frames**2 * width)
    decoder = 2 * (
        tokens * (6 * width**2 + 2 * width * 64)
        + 2 * frames * width**2
        + 2 * tokens**2 * width
        + 2 * tokens * frames * width
    )
    front = (2 * frames) * 201 * 16 + 2 * frames * 16 * 3 * width + frames * width * 3 * width
    output = (tokens - 1) * width * whisper.model.config.vocab_size  # the first token of the prompt predicts nothing
    assert multiply_accumulates(whisper.model, probe) == pytest.approx(encoder + decoder + front + output, rel=0.001)


@pytest.mark.parametrize("name", ["tokenizer.json", "generation_config.json"])
def test_a_folder_without_a_file_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    folder = write_tiny_whisper(tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(UserError, match=name.partition(".")[0]) as refused:
        prompt(load(folder).model)
    assert "\n" not in str(refused.value)


def test_languages_are_asked_for_and_known() -> None:
    english, many = tiny_whisper(), tiny_whisper(multilingual=True)
    architecture = architecture_of(many.model)
    with pytest.raises(UserError, match="has no language: name one in the study"):
        architecture.set_language(many.model, None)
    with pytest.raises(UserError, match=r"no language 'fr'; it has: de, en"):
        architecture.set_language(many.model, "fr")
    with pytest.raises(UserError, match="English only"):
        architecture.set_language(english.model, "en")
    architecture.set_language(many.model, "en")
    assert len(prompt(many.model)) == 4
    assert len(prompt(english.model)) == 2


def test_a_transcript_that_is_too_long_for_the_decoder_is_refused() -> None:
    with pytest.raises(UserError, match="has 101 tokens, but the decoder has positions for 59"):
        tiny_whisper().tokenizer.encode("a" * 100)


def test_a_damaged_config_is_one_line(tmp_path: Path) -> None:
    folder = write_tiny_whisper(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"decoder_attention_heads": 5}))
    with pytest.raises(UserError, match="d_model 32 cannot be divided by decoder_attention_heads"):
        load(folder)

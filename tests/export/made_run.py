"""Run folders with a tiny model of each kind, as a study leaves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from conftest import SMALL, TINY
from tiny_whisper import tiny_whisper
from transformers import HubertConfig, HubertForCTC, PreTrainedModel, Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.checkpoints import SpeechModel, save
from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forms.adapted import AdaptedLinear
from benchmark.models.forms.codebook import CodebookLinear
from benchmark.models.forms.int4 import Int4Linear
from benchmark.models.fresh import fresh_model
from benchmark.models.shapes import factorise
from benchmark.models.vocabulary import Vocabulary
from benchmark.runs.records import SCHEMA
from benchmark.system.files import write_json
from benchmark.toolbox.fewer_layers import shallow
from benchmark.toolbox.masks import magnitude_masks
from benchmark.toolbox.quantisation import quantise
from benchmark.toolbox.target import Target

RECORD: dict[str, Any] = {
    "schema": SCHEMA,
    "study": "made",
    "run": "pruned-0.5-seed3",
    "identity": "1" * 64,
    "label": "pruned",
    "method": "uniform_magnitude",
    "title": "Uniform magnitude",
    "family": "unstructured",
    "target_sparsity": 0.5,
    "seed": 3,
    "settings": {"learning_rate": 0.00025},
    "status": "ok",
    "reason": None,
    "budget": {"kind": "work", "limit": 18000, "spent": 17991.5},
    "compression_seconds": 412.25,
    "phases": {"train": 400.0, "other": 12.25},
    "notes": ["thresholds scaled by 1.0035"],
    "log": {},
    "data_hash": "d" * 64,
    "dense_hash": "e" * 64,
    "provenance": {
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
        "packages": {"torch": "2.11.0"},
        "python": "3.11.9",
        "device": "CPU, 2 threads",
        "cpu": "made",
        "cores": 2,
        "started": "2026-01-02T03:04:05+00:00",
    },
    "footprint": {
        "total_parameters": 2_000_003,
        "remaining_parameters": 1_250_007,
        "encoder_matrix_parameters": 1_499_992,
        "encoder_sparsity": 0.5,
        "compression_ratio": 2_000_003 / 1_250_007,
        "bytes_on_disk": 5_300_123,
        "macs_per_second": 123_456_789.0,
    },
    "matrices": [{"layer": 0, "matrix": "q", "parameters": 1_499_992, "remaining": 749_996}],
    "scores": {
        "test-clean": {
            "utterances": 600,
            "words": 5318,
            "errors": 1399,
            "substitutions": 1188,
            "deletions": 162,
            "insertions": 49,
            "wer": 1399 / 5318,
            "real_time_factor": 0.01,
            "seconds": 18.0,
        }
    },
    "speedup": {"median": 1.25, "low": 1.2, "high": 1.3},
}


def make_run(folder: Path, kind: str = "dense", **changes: Any) -> Path:
    """Write a run folder with a model of this kind; `changes` go into its record."""
    save(MODELS[kind](), folder / "model")
    record = RECORD | changes
    results = {"scores", "speedup"} if record["status"] != "ok" else set()
    write_json(folder / "run.json", {key: value for key, value in record.items() if key not in results})
    return folder


def dense() -> SpeechModel:
    """Pre-LN wav2vec 2.0, which wants an attention mask."""
    return SpeechModel(fresh_model(TINY, seed=0).model.eval(), Vocabulary.of_letters())


def changed(change: Callable[[PreTrainedModel], object]) -> Callable[[], SpeechModel]:
    """A maker of the dense model, changed."""

    def make() -> SpeechModel:
        speech_model = dense()
        change(speech_model.model)
        return speech_model

    return make


@torch.no_grad()
def prune(model: PreTrainedModel) -> None:
    """Set half of each matrix to zero."""
    masks = magnitude_masks(Encoder(model), keep=0.5)
    for matrix in Encoder(model):
        matrix.weight.mul_(masks[matrix.name])


def in_int4(model: PreTrainedModel) -> None:
    """Round all matrices to 4 bits."""
    for matrix in Encoder(model):
        Encoder(model).put(matrix, Int4Linear.of(matrix.linear))


def in_codebooks(model: PreTrainedModel) -> None:
    """Give all matrices codebooks of 16 blocks of 4, with random codes."""
    torch.manual_seed(0)
    for matrix in Encoder(model):
        blocks = matrix.weight.detach().view(-1, 4)[:16]
        codes = torch.randint(16, (matrix.linear.out_features, matrix.linear.in_features // 4)).to(torch.uint8)
        linear = CodebookLinear(blocks.clone(), codes, matrix.linear.bias)
        linear.to_fp16()
        Encoder(model).put(matrix, linear)


def fewer_layers() -> SpeechModel:
    """A student as in distillation: fewer layers, all equally narrower."""
    speech_model = dense()
    target = Target(0.5, Encoder(speech_model.model).parameters, count_parameters(speech_model.model))
    return SpeechModel(shallow(speech_model.model, target), speech_model.tokenizer)


def sliced() -> SpeechModel:
    """HuBERT in which every layer has a different shape."""
    torch.manual_seed(0)
    model = HubertForCTC(HubertConfig(**SMALL, do_stable_layer_norm=True, feat_extract_norm="layer")).eval()
    heads, neurons = Encoder(model).heads, Encoder(model).neurons
    heads[0].cut(torch.tensor([True, False, True, True]))
    neurons[1].cut(torch.arange(48) % 3 > 0)
    return SpeechModel(model, Vocabulary.of_letters())


def low_rank() -> SpeechModel:
    """Post-LN wav2vec 2.0 with group norm, which takes no attention mask; two matrices factorised."""
    torch.manual_seed(0)
    model = Wav2Vec2ForCTC(Wav2Vec2Config(**SMALL)).eval()
    for matrix in Encoder(model).matrices:
        if matrix.name in ("0.ffn_in", "1.q"):
            factorise(model, matrix, 5)
    return SpeechModel(model, Vocabulary.of_letters())


def share(model: PreTrainedModel) -> None:
    """The second layer is the first one, and the last one has its FFN's weights."""
    Encoder(model).arrange([[0, 0, 2]])
    layers = Encoder(model).layers
    for name in ("intermediate_dense", "output_dense"):
        kept = layers[0].get_submodule("feed_forward").get_submodule(name).weight
        layers[2].get_submodule("feed_forward").get_submodule(name).weight = kept


@torch.no_grad()
def adapt(model: PreTrainedModel) -> None:
    """The second layer has the weights of the first one with differences of rank 3, and normalised outputs."""
    linears = {matrix.kind: matrix.linear for matrix in Encoder(model) if matrix.layer == 0}
    torch.manual_seed(0)
    for matrix in Encoder(model):
        if matrix.layer == 1:
            base = linears[matrix.kind]
            outputs, inputs = base.weight.shape
            gamma = torch.rand(outputs) if matrix.kind in ("out", "ffn_out") else None
            factors = torch.randn(3, inputs) / 10, torch.randn(outputs, 3) / 10
            Encoder(model).put(matrix, AdaptedLinear(base, *factors, bias=matrix.linear.bias, gamma=gamma))


def same_heads_everywhere(model: PreTrainedModel) -> None:
    """One shape in all layers that no config can express: fewer heads of the same width."""
    for heads in Encoder(model).heads:
        heads.cut(torch.arange(heads.count) > 0)


def whisper(**changes: Any) -> SpeechModel:
    """A Whisper whose texts end."""
    return tiny_whisper(ends=9, **changes)


def multilingual_whisper() -> SpeechModel:
    """One that writes German."""
    speech_model = whisper(multilingual=True)
    architecture_of(speech_model.model).set_language(speech_model.model, "de")
    return speech_model


def whisper_student() -> SpeechModel:
    """Fewer and narrower layers, in encoder and decoder."""
    speech_model = whisper(encoder_layers=3, decoder_layers=3)
    model: Any = speech_model.model
    model.generation_config.alignment_heads = [[2, 1]]
    target = Target(0.5, Encoder(model).parameters, count_parameters(model))
    return replace(speech_model, model=shallow(model, target, "even", decoder_first=True))


def whisper_without_heads() -> SpeechModel:
    """One head of the cross-attention is gone."""
    speech_model = whisper()
    Encoder(speech_model.model).heads[-1].cut(torch.tensor([True, False, True, True]))
    return speech_model


MODELS: dict[str, Callable[[], SpeechModel]] = {
    "dense": dense,
    "pruned": changed(prune),
    "fewer layers": fewer_layers,
    "int8 weights": changed(lambda model: quantise(model, "weight_only")),
    "int8": changed(lambda model: quantise(model, "dynamic")),
    "int4": changed(in_int4),
    "codebooks": changed(in_codebooks),
    "sliced": sliced,
    "fewer heads": changed(same_heads_everywhere),
    "low rank": low_rank,
    "shared": changed(share),
    "adapted": changed(adapt),
    "whisper": whisper,
    "multilingual whisper": multilingual_whisper,
    "whisper student": whisper_student,
    "whisper without heads": whisper_without_heads,
}

"""Model folders: plain transformers reads ours, we read theirs, and what does not fit ends in one clear line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_whisper import write_tiny_whisper
from transformers import AutoModelForCTC, BertConfig, BertModel, HubertConfig, HubertModel, Wav2Vec2Processor

from benchmark.models.checkpoints import SpeechModel, hash_model, load, save, save_dense
from benchmark.models.vocabulary import Vocabulary
from benchmark.system.errors import UserError
from benchmark.system.files import hash_file


def test_plain_transformers_loads_our_dense_folder(tiny: SpeechModel, tmp_path: Path) -> None:
    save_dense(tiny, tmp_path / "model")
    model = AutoModelForCTC.from_pretrained(tmp_path / "model")
    assert torch.equal(model.lm_head.weight, tiny.model.lm_head.weight)
    processor = Wav2Vec2Processor.from_pretrained(tmp_path / "model")
    assert processor.tokenizer("ab a").input_ids == tiny.tokenizer.encode("ab a")


def test_the_hash_is_of_all_weights_and_of_how_a_model_decodes(tiny: SpeechModel, tmp_path: Path) -> None:
    save_dense(tiny, tmp_path / "ctc")
    assert hash_model(tmp_path / "ctc") == hash_file(tmp_path / "ctc/model.safetensors")
    folder = write_tiny_whisper(tmp_path / "whisper")
    hashes = {hash_model(folder)}
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(settings | {"suppress_tokens": [3]}))
    hashes.add(hash_model(folder))
    save_file({"more": torch.zeros(1)}, folder / "model-2.safetensors")
    hashes.add(hash_model(folder))
    save_file({"more": torch.ones(1)}, folder / "model-2.safetensors")
    assert len(hashes | {hash_model(folder)}) == 4


def test_a_bin_checkpoint_loads(tiny: SpeechModel, tmp_path: Path) -> None:
    save_dense(tiny, tmp_path / "model")
    torch.save(load_file(tmp_path / "model/model.safetensors"), tmp_path / "model/pytorch_model.bin")
    (tmp_path / "model/model.safetensors").unlink()
    assert torch.equal(load(tmp_path / "model").model.lm_head.weight, tiny.model.lm_head.weight)


def test_a_bin_checkpoint_runs_no_code(tiny: SpeechModel, tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "harm"),)

    save_dense(tiny, tmp_path / "model")
    (tmp_path / "model/model.safetensors").unlink()
    torch.save({"lm_head.weight": Harmful()}, tmp_path / "model/pytorch_model.bin")
    with pytest.raises(UserError, match="cannot be loaded"):
        load(tmp_path / "model")
    assert not (tmp_path / "harm").exists()


def test_a_pretrained_model_gets_a_head_only_when_it_is_to_be_fine_tuned(tmp_path: Path) -> None:
    layers = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    small: dict[str, Any] = layers | {"conv_dim": [8] * 7}
    small |= {"num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
    pretrained = HubertModel(HubertConfig(**small))
    pretrained.save_pretrained(tmp_path)
    with pytest.raises(UserError, match=r"is not a CTC checkpoint of this architecture: 2 tensors are missing"):
        load(tmp_path)
    speech_model = load(tmp_path, fresh_head=True)
    assert speech_model.model.lm_head.out_features == 32
    assert isinstance(speech_model.tokenizer, Vocabulary)
    assert speech_model.tokenizer.decode(speech_model.tokenizer.encode("it's so")) == "IT'S SO"
    weight = "encoder.layers.0.attention.q_proj.weight"
    assert torch.equal(speech_model.model.base_model.get_parameter(weight), pretrained.get_parameter(weight))
    assert torch.equal(speech_model.model.lm_head.weight, load(tmp_path, fresh_head=True).model.lm_head.weight)


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(UserError, match=r"data/nowhere does not exist"):
        load("data/nowhere")


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    BertConfig().save_pretrained(tmp_path)
    with pytest.raises(
        UserError, match="bert models are not supported; supported are wav2vec2, hubert, wavlm, data2vec-audio"
    ):
        load(tmp_path)


def test_weights_of_another_architecture_are_refused(tiny: SpeechModel, tmp_path: Path) -> None:
    save_dense(tiny, tmp_path / "model")
    bert = BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=8)
    BertModel(bert).save_pretrained(tmp_path / "model")
    tiny.model.config.save_pretrained(tmp_path / "model")
    with pytest.raises(UserError, match=r"is not a CTC checkpoint of this architecture: \d+ tensors are missing"):
        load(tmp_path / "model")


@pytest.mark.parametrize("change", [{"intermediate_size": 48}, {"num_hidden_layers": 7}, {"conv_dim": [8] * 6}])
def test_weights_that_do_not_fit_their_config_are_refused(
    tiny: SpeechModel, tmp_path: Path, change: dict[str, object]
) -> None:
    save_dense(tiny, tmp_path / "model")
    config = json.loads((tmp_path / "model/config.json").read_text())
    (tmp_path / "model/config.json").write_text(json.dumps(config | change))
    with pytest.raises(UserError) as raised:
        load(tmp_path / "model")
    assert str(tmp_path / "model") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_weights_cut_short_are_refused(tiny: SpeechModel, tmp_path: Path) -> None:
    for write, name in ((save_dense, "model.safetensors"), (save, "model.packed.safetensors")):
        write(tiny, tmp_path / "model")
        path = tmp_path / "model" / name
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(UserError, match=r"model.* cannot be loaded|does not fit"):
            load(tmp_path / "model")


def test_a_checkpoint_that_lacks_tensors_is_refused(tiny: SpeechModel, tmp_path: Path) -> None:
    save_dense(tiny, tmp_path / "model")
    weights = tmp_path / "model/model.safetensors"
    state = {name: t for name, t in load_file(weights).items() if "lm_head" not in name}
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(UserError, match=r"tensors are missing, the first is lm_head"):
        load(tmp_path / "model")


def test_a_checkpoint_of_another_width_is_refused(tiny: SpeechModel, tmp_path: Path) -> None:
    save(tiny, tmp_path / "model")
    config = json.loads((tmp_path / "model/config.json").read_text())
    (tmp_path / "model/config.json").write_text(json.dumps(config | {"intermediate_size": 48}))
    with pytest.raises(UserError, match=r"does not fit its config\.json"):
        load(tmp_path / "model")


def change_json(path: Path, change: dict[str, object]) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


@pytest.mark.parametrize("write", [save, save_dense])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"num_hidden_layers": 0}, "num_hidden_layers: input should be greater than or equal to 1"),
        ({"num_hidden_layers": -1}, "num_hidden_layers: input should be greater"),
        ({"num_attention_heads": 0}, "num_attention_heads: input should be greater"),
        ({"num_attention_heads": 5}, "hidden_size 32 cannot be divided by num_attention_heads"),
        ({"hidden_size": -32}, "hidden_size: input should be greater"),
        ({"hidden_size": 10**9}, "hidden_size: input should be less"),
        ({"hidden_size": 2**16, "intermediate_size": 2**16}, "more than 10,000,000,000"),
        ({"num_conv_pos_embedding_groups": 0}, "num_conv_pos_embedding_groups: input should be greater"),
        ({"conv_kernel": [3]}, "`len(config.conv_kernel) = 1`"),
        ({"conv_dim": [], "conv_kernel": [], "conv_stride": []}, "conv_dim"),
        ({"conv_stride": [0] * 7}, "conv_stride.0: input should be greater"),
        ({"layer_norm_eps": 0.0}, "layer_norm_eps: input should be greater"),
        ({"hidden_dropout": 1.5}, "hidden_dropout: input should be less"),
        ({"add_adapter": True}, "add_adapter: input should be False"),
        ({"feat_extract_norm": "batch"}, "feat_extract_norm: input should be 'group' or 'layer'"),
        ({"layer_shapes": []}, "layer_shapes: list should have at least 1 item"),
        ({"layer_shapes": [{"heads": 0, "neurons": 1, "ranks": {}}]}, "layer_shapes.0.heads: input should be greater"),
        (
            {"layer_shapes": [{"heads": 1, "neurons": 1, "ranks": {}}] * 9},
            "layer_shapes has 9 layers",
        ),
        ({"int8": "sometimes"}, "int8: input should be 'dynamic' or 'weight_only'"),
        ({"num_hidden_layers": "three"}, "holds no model that transformers can read"),
    ],
)
def test_a_config_of_no_model_is_refused(
    tiny: SpeechModel,
    tmp_path: Path,
    write: Callable[[SpeechModel, Path], object],
    change: dict[str, object],
    reason: str,
) -> None:
    write(tiny, tmp_path / "model")
    change_json(tmp_path / "model/config.json", change)
    with pytest.raises(UserError) as raised:
        load(tmp_path / "model")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"do_normalize": "false"}, "do_normalize: input should be a valid boolean"),
        ({"sampling_rate": 8000}, "sampling_rate: input should be 16000"),
        ({"feature_size": 2}, "feature_size: input should be 1"),
    ],
)
def test_a_feature_extractor_for_other_audio_is_refused(
    tiny: SpeechModel, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    save_dense(tiny, tmp_path / "model")
    path = tmp_path / "model/processor_config.json"
    extractor = json.loads(path.read_text())["feature_extractor"] | change
    path.unlink()
    (tmp_path / "model/preprocessor_config.json").write_text(json.dumps(extractor))
    with pytest.raises(UserError, match=reason):
        load(tmp_path / "model")


@pytest.mark.parametrize("write", [save, save_dense])
@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_weights_that_are_no_numbers_are_refused(
    tiny: SpeechModel, tmp_path: Path, write: Callable[[SpeechModel, Path], object], value: float
) -> None:
    with torch.no_grad():
        tiny.model.get_parameter("lm_head.weight")[3, 4] = value
    write(tiny, tmp_path / "model")
    with pytest.raises(UserError, match=r"weights that are NaN or infinite, the first in lm_head\.weight"):
        load(tmp_path / "model")


@pytest.mark.parametrize("write", [save, save_dense])
def test_a_vocabulary_of_another_head_is_refused(
    tiny: SpeechModel, tmp_path: Path, write: Callable[[SpeechModel, Path], object]
) -> None:
    write(tiny, tmp_path / "model")
    change_json(tmp_path / "model/vocab.json", {"z": 32})
    with pytest.raises(UserError, match=r'vocab\.json: "z" has the id 32, but the ids of the model go from 0 to 31'):
        load(tmp_path / "model")


@pytest.mark.parametrize("normalise", [True, False])
def test_audio_normalisation_survives(tiny: SpeechModel, tmp_path: Path, normalise: bool) -> None:
    save_dense(SpeechModel(tiny.model, tiny.tokenizer, normalise), tmp_path / "model")
    assert load(tmp_path / "model").normalise_audio is normalise

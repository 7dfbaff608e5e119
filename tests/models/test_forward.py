"""Our forward pass equals that of transformers, from audio and from cached features, for every architecture."""

from __future__ import annotations

import pytest
import torch
from small_models import KINDS, plain_twin, small_model
from transformers import PreTrainedModel

from benchmark.models.architectures.ctc import ctc_loss
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder
from benchmark.models.forward import forward, frame_counts, front_end
from benchmark.models.regularisation import regularise

SAMPLES = torch.tensor([16_000, 11_000])
MASK = (torch.arange(16_000) < SAMPLES[:, None]).long()
# The softmax takes no notice of the one, and nothing of the other without SpecAugment.
IDLE = ("k_proj.bias", "masked_spec_embed")


def noise(samples: int) -> torch.Tensor:
    return torch.randn(2, samples, generator=torch.Generator().manual_seed(0))


def batch_for(model: PreTrainedModel) -> Batch:
    audio = noise(16_000) * MASK
    return Batch(audio, None, frame_counts(model, SAMPLES), torch.tensor([5, 6, 7, 8]), torch.tensor([3, 1]), 2.0)


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
@pytest.mark.parametrize("kind", KINDS)
def test_forward_equals_transformers(kind: str) -> None:
    model = small_model(kind)
    batch = batch_for(model)
    mask = MASK if architecture_of(model).masks_padding(model.config) else None
    assert batch.audio is not None
    with torch.no_grad():
        expected = plain_twin(model)(batch.audio, attention_mask=mask).logits
        ours = forward(model, batch)
        batch.features, batch.audio = front_end(model, batch.audio), None
        cached = forward(model, batch)
    for row, frames in enumerate(ours.lengths.tolist()):
        torch.testing.assert_close(ours.logits[row, :frames], expected[row, :frames])
        torch.testing.assert_close(cached.logits[row, :frames], expected[row, :frames])


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_equal_those_of_transformers(kind: str) -> None:
    model = small_model(kind)
    twin, gradients = plain_twin(model), []
    for each in (model, twin):
        each.train()
        regularise(each, dropout=0.0, spec_augment=False)
        each(noise(8_000)).logits.square().sum().backward()
        gradients.append({name: p.grad for name, p in each.named_parameters() if not name.endswith(IDLE)})
    for name, gradient in gradients[0].items():
        assert gradient is not None, name
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-3, atol=1e-3)


def test_ctc_loss_is_the_mean_over_utterances_of_the_summed_loss() -> None:
    model = small_model("wav2vec2-pre-LN")
    batch = batch_for(model)
    with torch.no_grad():
        output = forward(model, batch)
        loss = ctc_loss(output, batch, blank=0)
        singles = []
        for row, labels in enumerate(torch.split(batch.labels, batch.label_lengths.tolist())):
            frames, length = output.lengths[row], torch.tensor(len(labels))
            log_probs = output.logits[row, :frames].log_softmax(-1)
            singles.append(torch.nn.functional.ctc_loss(log_probs, labels, frames, length, reduction="sum"))
    torch.testing.assert_close(loss, torch.stack(singles).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_encoder_map_counts_six_matrices_a_layer(kind: str) -> None:
    encoder = Encoder(small_model(kind))
    assert len(encoder.matrices) == 12
    assert encoder.parameters == 2 * (4 * 32 * 32 + 2 * 32 * 48)
    assert [m.name for m in encoder.matrices][:6] == ["0.q", "0.k", "0.v", "0.out", "0.ffn_in", "0.ffn_out"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_matrix_is_called_as_a_module(kind: str) -> None:
    """Calibration, rounding and masks of units hook onto the matrices."""
    model, called = small_model(kind), list[torch.nn.Module]()
    for matrix in Encoder(model):
        matrix.linear.register_forward_hook(lambda linear, *_: called.append(linear))
    forward(model, batch_for(model))
    assert {id(module) for module in called} == {id(matrix.linear) for matrix in Encoder(model)}

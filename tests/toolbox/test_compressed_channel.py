"""Feedback over a channel: what is remembered of each utterance, on values that can be checked."""

from __future__ import annotations

import pytest
import torch

from benchmark.toolbox.compressed_channel import Channel, Feedback
from benchmark.toolbox.lossy_codes import Message, Quantised, TopK, Uncompressed


def drawn(seed: int, frames: int = 4, width: int = 10) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((2, frames, width), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("code", [TopK(0.2), Quantised(2)], ids=["topk", "quantise"])
def test_with_error_feedback_all_that_was_sent_and_the_error_are_all_that_was_meant(code: TopK | Quantised) -> None:
    channel = Channel(code, "ef")
    meant = [drawn(seed) for seed in range(20)]
    sent = [channel.transfer(values, (2 * time, 2 * time + 1)) for time, values in enumerate(meant)]  # never the same
    left = torch.stack([channel.remembered[0], channel.remembered[1]])
    torch.testing.assert_close(torch.stack(sent).sum(0) + left, torch.stack(meant).sum(0), rtol=0, atol=1e-13)


def test_error_feedback_sends_nothing_behind_an_utterance() -> None:
    channel, shorter = Channel(TopK(0.2), "ef"), drawn(1)
    channel.transfer(drawn(0))
    shorter[0, 2:] = 0  # the gradients of padding
    received = channel.transfer(shorter)
    assert not received[0, 2:].any()
    assert received[0, :2].any(-1).all()


def test_ef21_has_a_constant_exactly_after_five_times_two_of_ten() -> None:
    channel, values = Channel(TopK(0.2), "ef21"), drawn(0)
    received = [channel.transfer(values, (0, 1)) for _ in range(5)]
    assert not torch.equal(received[3], values)
    assert torch.equal(received[4], values)


def test_aq_sends_an_utterance_whole_the_first_time_and_then_its_changes() -> None:
    code = Quantised(2)
    channel, first, second = Channel(code, "aq"), drawn(0), drawn(1)
    assert torch.equal(channel.transfer(first, (5, 6)), first)
    assert isinstance(channel.code_for((5, 7)), Uncompressed)
    assert channel.code_for((6, 5)) is code
    received = channel.transfer(second.flip(0), (6, 5))
    changes = Message.of(code, second - first).values
    torch.testing.assert_close(received.flip(0), first + changes, rtol=0, atol=1e-15)
    whole, later = 2 * 4 * 10 * 32, 2 * 4 * 10 * 2 + 2 * 2 * 32
    assert (8 * channel.bytes, channel.frames) == (whole + later, 16)
    assert channel.bits_per_frame == (whole + later) / 16


@pytest.mark.parametrize("feedback", ["ef", "ef21", "aq"])
def test_padding_comes_and_goes(feedback: Feedback) -> None:
    padded, plain = Channel(TopK(0.2), feedback), Channel(TopK(0.2), feedback)
    longer = torch.nn.functional.pad(drawn(0), (0, 0, 0, 3))
    for seed in range(3):
        expected = plain.transfer(drawn(seed), (0, 1))
        longer[:, :4] = drawn(seed)
        assert torch.equal(padded.transfer(longer if seed == 1 else drawn(seed), (0, 1))[:, :4], expected)


@pytest.mark.parametrize("feedback", ["none", "ef", "ef21", "aq"])
def test_two_ends_agree_on_bytes_alone(feedback: Feedback) -> None:
    alone, sender, receiver = (Channel(TopK(0.2), feedback) for _ in range(3))
    for seed in range(3):
        values = drawn(seed).float()
        code = receiver.code_for((0, 1))
        message = sender.send(values, (0, 1))
        sender.receive(message, (0, 1))
        arrived = Message.from_bytes(code, message.to_bytes(), (2, 4, 10))
        assert torch.equal(receiver.receive(arrived, (0, 1)), alone.transfer(values, (0, 1)))


def test_a_checkpoint_holds_what_is_remembered() -> None:
    channel, again = Channel(TopK(0.2), "ef"), Channel(TopK(0.2), "ef")
    channel.transfer(drawn(0), (0, 1))
    again.load_state_dict(channel.state_dict())
    assert again.bits_per_frame == channel.bits_per_frame
    assert torch.equal(again.transfer(drawn(1), (0, 1)), channel.transfer(drawn(1), (0, 1)))

"""Models with fewer layers: how many layers go from an encoder and a decoder, and what is left of a Whisper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_whisper import tiny_whisper

from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.toolbox.fewer_layers import fewest_layers, shallow
from benchmark.toolbox.target import Target

SIZES, DEPTHS, REMOVED = st.integers(1, 50), st.integers(1, 12), st.integers(0, 1000)


@given(SIZES, DEPTHS, REMOVED)
def test_one_stack_loses_as_many_layers_as_the_target_pays_for(size: int, depth: int, removed: int) -> None:
    assert fewest_layers([size], [depth], removed) == [max(1, depth - removed // size)]


@given(SIZES, DEPTHS, DEPTHS, REMOVED)
def test_equal_stacks_lose_layers_in_turn_the_decoder_first(size: int, encoder: int, extra: int, removed: int) -> None:
    """Of layers of one size, the number that goes is the closed form of one stack; equal depths shrink alike."""
    gone = min(removed // size, 2 * encoder - 2)
    assert fewest_layers([size, size], [encoder, encoder], removed) == [encoder - gone // 2, encoder - (gone + 1) // 2]
    uneven = fewest_layers([size, size], [encoder, encoder + extra], removed)
    assert sum(uneven) == max(2, 2 * encoder + extra - removed // size)


@given(SIZES, SIZES, DEPTHS, DEPTHS, REMOVED)
def test_with_the_decoder_first_the_encoder_waits_for_its_last_layer(
    one: int, other: int, encoder: int, decoder: int, removed: int
) -> None:
    from_decoder = min(removed // other, decoder - 1)
    kept = fewest_layers([one, other], [encoder, decoder], removed, decoder_first=True)
    assert kept[1] == decoder - from_decoder
    if kept[1] > 1 and one >= other:
        assert kept[0] == encoder  # what is left to remove pays for no layer
    assert kept[0] == max(1, encoder - (removed - other * from_decoder) // one)


@given(SIZES, SIZES, DEPTHS, DEPTHS, REMOVED)
def test_no_more_layers_could_go(one: int, other: int, encoder: int, decoder: int, removed: int) -> None:
    for decoder_first in (False, True):
        kept = fewest_layers([one, other], [encoder, decoder], removed, decoder_first=decoder_first)
        gone = one * (encoder - kept[0]) + other * (decoder - kept[1])
        assert gone <= removed
        assert all(number == 1 or gone + size > removed for size, number in zip((one, other), kept, strict=True))


@pytest.mark.parametrize(("decoder_first", "depths"), [(False, [1, 2]), (True, [3, 1])])
def test_a_student_of_a_whisper_has_exactly_the_target_s_parameters(decoder_first: bool, depths: list[int]) -> None:
    model = tiny_whisper(encoder_layers=3, decoder_layers=3).model
    target = Target(0.5, Encoder(model).parameters, count_parameters(model))
    student = shallow(model, target, "even", decoder_first=decoder_first)
    assert [len(stack) for stack in Encoder(student).stacks] == depths
    assert (student.config.encoder_layers, student.config.decoder_layers) == tuple(depths)
    unit = max(units.cost for units in Encoder(student).neurons)
    assert abs(count_parameters(student) - target.remaining) <= unit * len(Encoder(student).neurons) / 2

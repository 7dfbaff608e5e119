"""One thread for small tensors, all of them for large ones and afterwards, with the same values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from benchmark.models.few_threads import WORTH_WAKING, few_threads


@pytest.fixture(autouse=True)
def _three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("elements", "threads"), [(WORTH_WAKING - 1, 1), (WORTH_WAKING, 3)])
def test_threads_go_by_the_number_of_elements(elements: int, threads: int) -> None:
    with few_threads(elements):
        assert torch.get_num_threads() == threads
    assert torch.get_num_threads() == 3


def test_all_threads_are_back_after_an_error() -> None:
    with pytest.raises(ValueError, match="broken"), few_threads(1):
        raise ValueError("broken")
    assert torch.get_num_threads() == 3


def test_elementwise_results_do_not_depend_on_it() -> None:
    values = torch.randn(300_000, generator=torch.Generator().manual_seed(0))
    with few_threads(len(values)):
        alone = values.sigmoid()
    assert torch.equal(alone, values.sigmoid())

"""Loading ahead: a thread loads the next step's batches while the current step runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")


def load_ahead(
    items: Iterable[Item], load: Callable[[Item], Loaded], ahead: int
) -> Generator[tuple[Item, Callable[[], Loaded]], None, None]:
    """Yield each item in order, with a function that returns `load(item)`.

    When an item is yielded, the next `ahead` items have been drawn too, in the caller's thread, and another thread
    loads them one by one. If `ahead` is 0, there is no thread and the function itself loads. The function raises what
    `load` raised.
    """
    if ahead == 0:
        for item in items:
            yield item, partial(load, item)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="load ahead") as pool:
        waiting: deque[tuple[Item, Callable[[], Loaded]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(load, item).result))
            if len(waiting) > ahead:
                yield waiting.popleft()
        yield from waiting

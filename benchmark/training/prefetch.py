"""Loading ahead: what the next step needs is made on a thread of its own while this step runs."""

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
    """Each item with a call that returns `load(item)`, in the items' order.

    When an item is handed out, the `ahead` items after it have been drawn too, here, and one thread loads all of them
    in turn; with `ahead` 0 there is no thread, and the call itself loads. The call raises what `load` raised.
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

"""Two flows that meet: the other one runs in a thread of its own, so that it is judged by its own function's role."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def elsewhere(work: Callable[[], Any]) -> Callable[[], Any]:
    """The work from its beginning to its end, in another thread."""

    def run() -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result()

    return run

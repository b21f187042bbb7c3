"""Several runs at the same time: whoever's moment comes first goes on first, of two at the same moment the lower index."""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from infra.local.asl.calls import Pause
from infra.local.asl.faults import EXCEEDED, Fault


Run = Generator[Pause, None, Any]


def together(runs: Sequence[Run], most: int, is_ready: Callable[[Pause], bool]) -> Run:
    """The results in order. At most `most` at once (0: all). The first that fails stops the others."""
    results: list[Any] = [None] * len(runs)
    waiting: dict[int, Pause] = {}
    begun = 0
    try:
        while begun < len(runs) or waiting:
            while begun < len(runs) and (not most or len(waiting) < most):
                _advance(runs, begun, results, waiting)
                begun += 1
            ready = [index for index, pause in sorted(waiting.items()) if is_ready(pause)]
            if ready:
                _advance(runs, min(ready, key=lambda index: (waiting[index].until, index)), results, waiting)
            elif waiting:
                yield Pause(min(pause.until for pause in waiting.values()), tuple(t for pause in waiting.values() for t in pause.tokens))
    finally:
        for run in runs:
            run.close()
    return results


def apart(run: Run) -> Run:
    """Several runs that are executions of their own: whatever ends one of them, the map fails by one name, and tolerates none.

    Raises: Fault States.ExceedToleratedFailureThreshold.
    """
    try:
        return (yield from run)
    except Fault as fault:
        raise Fault(EXCEEDED, "The specified tolerated failure threshold was exceeded") from fault


def _advance(runs: Sequence[Run], index: int, results: list[Any], waiting: dict[int, Pause]) -> None:
    waiting.pop(index, None)
    try:
        waiting[index] = next(runs[index])
    except StopIteration as end:
        results[index] = end.value

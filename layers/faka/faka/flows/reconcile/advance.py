"""Taking the run of a day one state further."""

from datetime import date

from faka.contexts.statements.model import Run, RunState
from faka.contexts.statements.store import RunMoved
from faka.kernel.errors import Broken, TransactionBusy
from faka.kernel.ids import ChannelId
from faka.wiring import Deps


TRIES_MAX = 4
"""The machine and a person who runs the day again are two; more lost races than that is a storm."""


class RunMissing(Broken):
    """A step was asked for a day that nobody has fetched."""


def started(deps: Deps, channel: ChannelId, day: date, state: RunState, **changes: object) -> Run:
    """The run of the day, begun if need be. Raises: IllegalTransition, TransactionBusy."""
    now = deps.clock.now()
    fresh = Run(channel=channel, day=day, started_at=now, changed_at=now)
    try:
        if deps.statements.run(channel, day) is None:
            deps.tables.apply(deps.statements.started(fresh))
    except RunMoved:
        pass
    return advanced(deps, channel, day, state, **changes)


def advanced(deps: Deps, channel: ChannelId, day: date, state: RunState, **changes: object) -> Run:
    """Raises: RunMissing, IllegalTransition, TransactionBusy after `TRIES_MAX` lost races."""
    for _ in range(TRIES_MAX):
        run = run_of(deps, channel, day)
        after = run.moved(state, deps.clock.now(), **changes)
        try:
            deps.tables.apply(deps.statements.replaced(run, after))
        except RunMoved:
            continue
        return after
    raise TransactionBusy(f"{channel} {day}")


def run_of(deps: Deps, channel: ChannelId, day: date) -> Run:
    """Raises: RunMissing."""
    run = deps.statements.run(channel, day)
    if run is None:
        raise RunMissing(f"{channel} {day}")
    return run

"""Our side of a day: what the index lists, what earlier days carried over, less what earlier bills have shown already."""

from collections.abc import Iterator
from datetime import date, timedelta

from faka.contexts.payments.refunds import refund_key
from faka.contexts.payments.store import receipt_key
from faka.contexts.statements.lines import PAYMENT_PATIENCE_DAYS, REFUND_PATIENCE_DAYS, Ours, key_of
from faka.contexts.statements.model import Discrepancy, DiscrepancyClass, DiscrepancyState, RunState
from faka.contexts.statements.parts import spread_ours
from faka.flows.reconcile.advance import advanced
from faka.flows.reconcile.books import ours_of, rows_of
from faka.flows.reconcile.messages import Exported, PartsRequest
from faka.flows.reconcile.shelf import OURS, Shelf, part_files
from faka.kernel.ids import ChannelId, refund_of
from faka.kernel.limits import BATCH_GET_MAX
from faka.platform.table import Key
from faka.wiring import Deps


_PATIENCE_DAYS = {
    DiscrepancyClass.LOCAL_ONLY_PAYMENT: PAYMENT_PATIENCE_DAYS,
    DiscrepancyClass.LOCAL_ONLY_REFUND: REFUND_PATIENCE_DAYS,
}


def export(deps: Deps, asked: PartsRequest) -> Exported:
    """Write our lines into the same number of parts, by the same rule, as the bill has.

    Neighbouring days are not read: a line of the bill that belongs to one of them is looked up by its numbers when it is left.
    Writes: books (parts), trade (run).
    Raises: RunMissing, Throttled, ObjectsDown.
    """
    advanced(deps, asked.channel, asked.day, RunState.MATCHING)
    with part_files(asked.parts) as parts:
        totals = spread_ours(_lines(deps, asked.channel, asked.day), asked.parts, parts)
        parts.upload(Shelf(deps.books, asked.channel, asked.day), OURS, totals)
    return Exported(lines=totals.lines)


def _lines(deps: Deps, channel: ChannelId, day: date) -> Iterator[Ours]:
    shown = _shown_before(deps, channel, day)
    for rows in deps.statements.movements(channel, day):
        yield from (line for line in ours_of(deps, rows, day) if key_of(line) not in shown)
    for age_days in range(1, REFUND_PATIENCE_DAYS + 1):
        yield from _carried(deps, channel, day - timedelta(days=age_days), age_days)


def _shown_before(deps: Deps, channel: ChannelId, day: date) -> set[str]:
    """Keys of this day's lines that stood in bills of days before."""
    shown: set[str] = set()
    for age_days in range(1, REFUND_PATIENCE_DAYS + 1):
        shelf = Shelf(deps.books, channel, day - timedelta(days=age_days))
        shown |= {key for of_day, key in shelf.find_json("crossed.json", []) if of_day == day.isoformat()}
    return shown


def _carried(deps: Deps, channel: ChannelId, day: date, age_days: int) -> Iterator[Ours]:
    """What was in doubt on an earlier day and still is."""
    waiting = [
        one
        for one in deps.statements.discrepancies(channel, day)
        if one.state is DiscrepancyState.TIMING and age_days <= _PATIENCE_DAYS.get(one.kind, 0)
    ]
    keys = [key for one in waiting for key in _key(one)]
    for start in range(0, len(keys), BATCH_GET_MAX):
        yield from ours_of(deps, rows_of(deps, keys[start : start + BATCH_GET_MAX]), day)


def _key(one: Discrepancy) -> Iterator[Key]:
    refund = refund_of(one.out_refund_no)
    if refund is not None:
        yield refund_key(refund)
    elif one.kind is DiscrepancyClass.LOCAL_ONLY_PAYMENT:
        yield receipt_key(one.channel, one.channel_txn_id)

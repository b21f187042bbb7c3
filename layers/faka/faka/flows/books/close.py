"""Closing a day: figures frozen, a hash over what is behind them. Closing a closed day again compares instead."""

from collections import Counter
from datetime import date, datetime, timedelta

from faka.contexts.ledger.balances import Totals
from faka.contexts.ledger.chart import family_of
from faka.contexts.ledger.closes import (
    TRANSACTIONS_MAX,
    AlreadyClosed,
    Close,
    CloseStore,
    Figure,
    chain_of,
    day_ends,
    digest_of,
    hash_of,
)
from faka.contexts.ledger.store import BooksTooLarge
from faka.flows.books.balance import require_even
from faka.kernel.clock import business_day
from faka.kernel.errors import Broken, Rejected
from faka.kernel.limits import TRANSACTION_ITEMS_MAX
from faka.wiring import Deps


GRACE = timedelta(minutes=20)
"""After midnight: whoever stamped a transaction before it has committed by then, since no function lives longer than fifteen minutes."""

FIGURES_MAX = 2_000
"""Accounts of one close, below half of what a row may hold. Beyond it the largest families are shown as one account each."""


class DayNotOver(Rejected):
    """The day, or the time that late commits of it may take, is not over yet."""


class LaterDayClosed(Rejected):
    """A later day is closed already, and it covers this one."""


class DayTooOld(Rejected):
    """Three months went by without a close: close a later day, which covers this one."""


class ClosedDayChanged(Broken):
    """The transactions of a closed day are not those that it was closed with: rows of the journal were changed, added or removed."""


def close_day(deps: Deps, day: date, by: str) -> Close:
    """Close a business day; or, where it is closed, read everything again and hold it against what was frozen.

    Writes: journal (one row, once).
    Bound:  one reading of the journal; `TRANSACTIONS_MAX` transactions.
    Raises: DayNotOver, LaterDayClosed, DayTooOld, ClosedDayChanged, BooksUneven, BooksTooLarge, LedgerTampered, Throttled; AlreadyClosed
            when somebody else closes a day around it right now.
    """
    now = deps.clock.now()
    if now < day_ends(day) + GRACE:
        raise DayNotOver(day.isoformat())
    store = CloseStore(deps.tables)
    before, own, after = store.around(day, business_day(now))
    made = _read(deps, day, before, now, by)
    if own is not None:
        return _same(own, made)
    if after is not None:
        raise LaterDayClosed(after.day.isoformat())
    first = before.day if before is not None else day - timedelta(days=1)
    days = [first + timedelta(days=n) for n in range(1, (business_day(now) - first).days + 1)]
    if len(days) > TRANSACTION_ITEMS_MAX:
        raise DayTooOld(day.isoformat())
    try:
        deps.tables.commit(store.closed(made, [each for each in days if each != day]))
    except AlreadyClosed:
        _, own, _ = store.around(day, business_day(now))
        if own is None:
            raise
        return _same(own, made)
    return made


def _read(deps: Deps, day: date, before: Close | None, now: datetime, by: str) -> Close:
    """One reading: what moved since the close before, and every balance at the end of the day."""
    whole, moved, digests = Totals(), Totals(), []
    for transaction in deps.ledger.every():
        recorded = business_day(transaction.recorded_at)
        if recorded > day:
            continue
        whole.add(transaction)
        if before is None or recorded > before.day:
            moved.add(transaction)
            digests.append(digest_of(transaction))
            if len(digests) > TRANSACTIONS_MAX:
                raise BooksTooLarge("close")
    require_even(whole, day.isoformat())
    figures = folded(whole, moved)
    hash_ = hash_of(digests)
    return Close(
        day=day,
        since=before.day.isoformat() if before is not None else "",
        transactions=len(digests),
        hash=hash_,
        chain=chain_of(before.chain if before is not None else "", hash_, figures),
        figures=figures,
        closed_at=now,
        by=by,
    )


def folded(whole: Totals, moved: Totals) -> tuple[Figure, ...]:
    """A figure per account; where there are too many of them, the largest families first become one figure each."""
    sizes = Counter(_family(name) for name in whole.names)
    together: set[str] = set()
    for family, size in sizes.most_common():
        if sum(sizes.values()) - sum(sizes[each] - 1 for each in together) <= FIGURES_MAX or size == 1:
            break
        together.add(family)
    found: dict[str, list[int]] = {}
    for name in whole.names:
        figure = found.setdefault(_family(name) if _family(name) in together else name, [0, 0, 0])
        figure[0] += moved.debits.get(name, 0)
        figure[1] += moved.credits.get(name, 0)
        figure[2] += whole.balance(name)
    return tuple(
        Figure(account=name, debit_minor=debit, credit_minor=credit, balance_minor=balance)
        for name, (debit, credit, balance) in sorted(found.items())
    )


def _family(name: str) -> str:
    return f"{family_of(name)}/{name.rpartition('/')[2]}"


def _same(frozen: Close, again: Close) -> Close:
    if (frozen.hash, frozen.chain, frozen.figures) != (again.hash, again.chain, again.figures):
        raise ClosedDayChanged(frozen.day.isoformat())
    return frozen

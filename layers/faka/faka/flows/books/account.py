"""What happened to one account, line by line in the order in which the books heard of it."""

import heapq
from collections.abc import Iterator
from datetime import date

from faka.contexts.ledger.chart import plan_of
from faka.contexts.ledger.transaction import Side, Transaction
from faka.kernel.clock import business_day, to_row
from faka.kernel.model import Frozen
from faka.wiring import Deps


PAGE_LINES = 1_000
"""Lines of one page. They are kept in memory while the journal goes by; the rest waits for the next page."""


class Entry(Frozen):
    cursor: str
    """Where the next page begins, if this line was the last one read."""
    transaction: str
    kind: str
    ref: str
    side: Side
    amount_minor: int
    balance_minor: int
    """Of the account after this line, by its own direction."""


class Statement(Frozen):
    account: str
    opening_minor: int
    entries: tuple[Entry, ...]
    closing_minor: int
    """After the last entry of this page."""
    next: str = ""
    """The cursor of the next page; empty where this is the last one."""


def statement(deps: Deps, account: str, first: date, last: date, after: str = "", limit: int = PAGE_LINES) -> Statement:
    """One page of an account's lines that were recorded on business days `first` to `last`.

    Bound:  `limit` lines; each page reads the journal once.
    Raises: NoSuchAccount; BooksTooLarge, LedgerTampered, Throttled.
    """
    grows = Side.DEBIT if plan_of(account).of.grows_by_debit else Side.CREDIT
    before: dict[str, int] = {"minor": 0}

    def later() -> Iterator[tuple[str, int, Transaction, Side, int]]:
        for transaction in deps.ledger.every():
            day = business_day(transaction.recorded_at)
            for place, line in enumerate(transaction.lines):
                if line.account != account or day > last:
                    continue
                cursor = f"{to_row(transaction.recorded_at)}#{transaction.id}#{place:02}"
                if day < first or cursor <= after:
                    before["minor"] += line.amount_minor if line.side is grows else -line.amount_minor
                else:
                    yield cursor, place, transaction, line.side, line.amount_minor

    page = heapq.nsmallest(limit + 1, later(), key=lambda found: found[0])
    opening = balance = before["minor"]
    entries = []
    for cursor, _, transaction, side, minor in page[:limit]:
        balance += minor if side is grows else -minor
        entries.append(
            Entry(
                cursor=cursor,
                transaction=transaction.id,
                kind=transaction.kind,
                ref=transaction.ref,
                side=side,
                amount_minor=minor,
                balance_minor=balance,
            )
        )
    more = entries[-1].cursor if len(page) > limit else ""
    return Statement(account=account, opening_minor=opening, entries=tuple(entries), closing_minor=balance, next=more)

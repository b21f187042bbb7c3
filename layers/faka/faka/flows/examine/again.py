"""The second look at what looked wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from faka.kernel.clock import from_row
from faka.kernel.limits import PAGE_MAX
from faka.platform.table import Item, Key, TableName
from faka.steps.invariants import Concern, Question, Tally, Violation
from faka.wiring import Deps


CONCERNS_MAX = 200
"""Concerns looked at again in one night, of seconds each at most. A shop in good order has a handful, from what moved meanwhile."""

LOOKS_MAX = 6
"""Readings of one concern. Rows that change between each two of six readings belong to a rush; the next night is quieter."""

PAGES_MAX = 100
"""Pages of one order's openings or of one drawer: 10,000 rows."""

MARGIN = timedelta(minutes=1)
"""How far two machines' clocks may be apart."""


@dataclass
class Verdict:
    broken: list[Violation] = field(default_factory=list)
    deferred: int = 0
    """Concerns that changed since the scan began."""
    unclear: int = 0
    """Concerns that were not looked at, or never stood still."""


def looked_at_again(deps: Deps, tally: Tally, suspects: Sequence[Violation], question: Question, has_time: Callable[[], bool]) -> Verdict:
    """Which suspects are broken promises. `question.now` is when the scan began.

    Bound: `CONCERNS_MAX` concerns, and the time that `has_time` grants; the rest is unclear.
    Raises: Throttled.
    """
    verdict = Verdict()
    concerns: dict[Concern, list[Violation]] = {}
    for suspect in suspects:
        concerns.setdefault(tally.concern_of(suspect), []).append(suspect)
    for i, (concern, about) in enumerate(sorted(concerns.items())):
        if concern.kind == "row":
            verdict.broken += about
        elif i >= CONCERNS_MAX or not has_time():
            verdict.unclear += 1
        else:
            _judge(deps, tally, concern, about, question, verdict)
    return verdict


def _judge(deps: Deps, tally: Tally, concern: Concern, about: list[Violation], question: Question, verdict: Verdict) -> None:
    rows = _standing_still(deps, tally, concern)
    if rows is None:
        verdict.unclear += 1
    elif concern.kind != "sku" and any(_is_younger(row, question.now - MARGIN) for _, row in rows):
        verdict.deferred += 1
    else:
        fresh = tally.beside(concern)
        for table, row in rows:
            fresh.take(table, [row])
        still = {(each.invariant, each.subject): each for each in fresh.violations(question, concern.kind)}
        verdict.broken += [still[key] for key in dict.fromkeys((each.invariant, each.subject) for each in about) if key in still]


Rows = list[tuple[TableName, Item]]


def _standing_still(deps: Deps, tally: Tally, concern: Concern) -> Rows | None:
    """All rows of a concern as they were at one moment: two readings in a row that are the same. None when there were none."""
    seen = _read(deps, tally, concern)
    for _ in range(LOOKS_MAX):
        # An order's cards can be read in between: where heads and logs stood still, no card changed hands.
        orders = deps.tables.batch_get(tally.orders_of(concern.id)) if concern.kind == "sku" else {}
        again = _read(deps, tally, concern)
        if again == seen:
            return [*again, *((key.table, row) for key, row in orders.items())]
        seen = again
    return None


def _read(deps: Deps, tally: Tally, concern: Concern) -> Rows:
    found = deps.tables.batch_get(tally.keys_of(concern))
    rows = [(key.table, found[key]) for key in sorted(found, key=lambda key: (key.table, key.pk, key.sk))]
    if concern.kind == "order":
        rows += [(TableName.JOURNAL, row) for row in _partition(deps, TableName.JOURNAL, f"AUDIT#{concern.id}")]
    if concern.kind == "wallet":  # what it has moved since the scan, and what the ledger says of it
        lines = [row for row in _partition(deps, TableName.TRADE, f"WALLET#{concern.id}") if row["sk"] != "WALLET"]
        entries = [Key(TableName.JOURNAL, f"TXN#{row['transaction']}", "TXN") for row in lines]
        rows += [(TableName.TRADE, row) for row in lines]
        rows += [(key.table, row) for key, row in deps.tables.batch_get(entries).items() if key not in found]
    if concern.kind == "sku":
        for shard in tally.shards_of(concern.id):
            rows += [(TableName.TRADE, row) for row in _partition(deps, TableName.TRADE, f"ASIDE#{concern.id}#{shard}")]
        pages = tally.pages_missing(concern.id, [row for table, row in rows if table is TableName.TRADE and row["sk"] == "LOG"])
        rows += [(key.table, row) for key, row in deps.tables.batch_get(pages).items()]
    return rows


def _partition(deps: Deps, table: TableName, pk: str) -> list[Item]:
    found: list[Item] = []
    after: Item | None = None
    for _ in range(PAGES_MAX):
        rows, after = deps.tables.query(table, pk, limit=PAGE_MAX, strong=True, after=after)
        found += rows
        if after is None:
            break
    return found


def _is_younger(row: Item, than: datetime) -> bool:
    """Whether the row says that it came or changed after a moment."""
    log = row.get("log")
    told = [log[-1].split(" ", 1)[0]] if log else []
    told += [row[name] for name in ("created_at", "recorded_at", "received_at", "opened_at") if isinstance(row.get(name), str)]
    return any(from_row(each) > than for each in told)

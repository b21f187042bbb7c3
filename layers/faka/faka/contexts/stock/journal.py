"""The journal of claims: who got which numbers, derived from the stream of head writes.

The stream tells each write of a head with the row before and after it, so the claim costs nothing to be remembered.

| row | answers |
|---|---|
| `CLAIM#{sku}#{number // 1024}` / `{start:012}#{shard}#{serial}` | which order has card number k? |
| `CLAIMDUE#{minute}#{0..3}` / `{sku}#{shard}#{serial}` | which claims should have an order row by now? |
"""

from collections.abc import Iterator
from datetime import datetime

from faka.contexts.stock.bounds import CLAIM_BUCKET, CLAIM_CARDS_MAX, RING_SLOTS
from faka.contexts.stock.model import Run, expires_of
from faka.kernel.clock import from_row, to_row
from faka.kernel.errors import Broken, UnknownState
from faka.kernel.ids import OrderId, SkuId
from faka.kernel.limits import PAGE_MAX
from faka.kernel.model import Frozen
from faka.platform.table import Item, TableName, Tables


DUE_PARTS = 4
DUE_PAGES_MAX = 200
"""20,000 claims a minute and part; a head makes at most 60,000 a minute."""

HOLDER_PAGES_MAX = 100
"""Claims of one bucket: a thousand single cards, each up to ten times when holds expire again and again."""


class ClaimEvent(Frozen):
    """One claim: this run went to the order that the tag names."""

    sku: SkuId
    tag: str
    run: Run

    @property
    def order_id(self) -> OrderId:
        """The order; what follows a `+` in the tag names its attempt."""
        return OrderId(self.tag.partition("+")[0])


class ClaimRecord(ClaimEvent):
    at: datetime


def claim_events(old: Item | None, new: Item | None) -> list[ClaimEvent]:
    """The claim in one stream record, if it is one: the rows of a head before and after a write, as plain values, and nothing
    (None or no attributes) where there was no row: a new head is no claim.

    Raises: Broken when more than one claim lies between the rows; one write makes one claim, and also when a claim is
    said to be larger than claims can be: it would be written out bucket by bucket until the memory is full.
    """
    if not old or not new or not new["pk"].startswith("HEAD#") or new["n"] == old["n"]:
        return []
    slot = next((i for i in range(RING_SLOTS) if new[f"i{i}"] == old["n"]), None)
    if new["n"] != old["n"] + 1 or slot is None:
        raise Broken(f"claims lost between two images of {new['pk']}")
    _, sku, shard = new["pk"].split("#")
    serial, start, count, batch, day = (new[f"{name}{slot}"] for name in "ismbx")
    if not 0 < count <= CLAIM_CARDS_MAX:
        raise Broken(f"no claim takes what {new['pk']} says was claimed")
    run = Run(shard=int(shard), serial=serial, start=start, count=count, batch=batch, expires=expires_of(day))
    return [ClaimEvent(sku=SkuId(sku), tag=new["l"], run=run)]


def journal_rows(event: ClaimEvent, at: datetime, due_at: datetime) -> list[Item]:
    """The rows of a claim; their keys are the claim's own, so writing them again changes nothing.

    A run that reaches over several buckets has a row in each, so that one query answers for any number.
    """
    run = event.run
    told = {"tag": event.tag, "at": to_row(at), "run": [run.shard, run.serial, run.start, run.count, run.batch, run.expires]}
    name = f"{event.sku}#{run.shard}#{run.serial}"
    buckets = range(run.start // CLAIM_BUCKET, (run.start + run.count - 1) // CLAIM_BUCKET + 1)
    by_number = [{"pk": _claim_pk(event.sku, bucket), "sk": f"{run.start:012}#{run.shard}#{run.serial}", **told} for bucket in buckets]
    return [*by_number, {"pk": due_pk(due_at, sum(name.encode()) % DUE_PARTS), "sk": name, **told}]


def due_pk(minute: datetime, part: int) -> str:
    return f"CLAIMDUE#{to_row(minute)[:16]}#{part}"


def read_claim(row: Item) -> ClaimRecord:
    """Raises: UnknownState when the row is not one of a claim."""
    try:
        sku = row["pk"].split("#")[1] if row["pk"].startswith("CLAIM#") else row["sk"].split("#")[0]
        run = Run(**dict(zip(("shard", "serial", "start", "count", "batch", "expires"), row["run"], strict=True)))
        return ClaimRecord(sku=SkuId(sku), tag=row["tag"], run=run, at=from_row(row["at"]))
    except (KeyError, ValueError, TypeError) as error:
        raise UnknownState(f"claim row {row.get('pk')} {row.get('sk')}") from error


def claims_due(tables: Tables, minute: datetime) -> Iterator[ClaimRecord]:
    """Claims whose order row should exist by this minute."""
    for part in range(DUE_PARTS):
        after: Item | None = None
        for _ in range(DUE_PAGES_MAX):
            rows, after = tables.query(TableName.JOURNAL, due_pk(minute, part), limit=PAGE_MAX, after=after)
            yield from map(read_claim, rows)
            if after is None:
                break


def holder_of(tables: Tables, sku: SkuId, number: int) -> ClaimRecord | None:
    """The last claim of a card number. Its order row says whether the card stayed there."""
    found: list[ClaimRecord] = []
    after: Item | None = None
    for _ in range(HOLDER_PAGES_MAX):
        bucket, upto = _claim_pk(sku, number // CLAIM_BUCKET), ("0", f"{number:012}~")  # no bound may be empty
        rows, after = tables.query(TableName.JOURNAL, bucket, between=upto, limit=PAGE_MAX, backwards=True, after=after, strong=True)
        found += [claim for claim in map(read_claim, rows) if claim.run.start <= number < claim.run.start + claim.run.count]
        if after is None:
            break
    return max(found, key=lambda claim: claim.run.serial, default=None)


def claims_of(tables: Tables, sku: SkuId, start: int, end: int) -> Iterator[ClaimRecord]:
    """Every claim that ever took a number from `start` until just before `end`; a claim over several buckets comes several times.

    Bound: `HOLDER_PAGES_MAX` a bucket. Raises: Broken when a bucket has more: whoever asks for every claim must not miss some unsaid.
    """
    for bucket in range(start // CLAIM_BUCKET, (end - 1) // CLAIM_BUCKET + 1):
        after: Item | None = None
        for _ in range(HOLDER_PAGES_MAX):
            rows, after = tables.query(TableName.JOURNAL, _claim_pk(sku, bucket), limit=PAGE_MAX, after=after, strong=True)
            claims = map(read_claim, rows)
            yield from (claim for claim in claims if claim.run.start < end and claim.run.start + claim.run.count > start)
            if after is None:
                break
        else:
            raise Broken(f"bucket {bucket} of {sku} has more claims than {HOLDER_PAGES_MAX} pages hold")


def _claim_pk(sku: str, bucket: int) -> str:
    return f"CLAIM#{sku}#{bucket}"

"""The stock of all SKUs: the public face of this context."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from faka.contexts.stock.aside import AlreadyBack, AsideRows, Drawn
from faka.contexts.stock.bounds import LOG_EXTENTS_MAX, LOG_TRIES_MAX, SOLD_OUT_MEMORY_S_MAX
from faka.contexts.stock.claim import Claim, Claims
from faka.contexts.stock.errors import LinkMoved, LogMoved, OutOfStock, StockBusy
from faka.contexts.stock.heads import Heads
from faka.contexts.stock.link import Links
from faka.contexts.stock.log import StockLog
from faka.contexts.stock.memory import SoldOutMemory
from faka.contexts.stock.model import Counts, Extent, Run, Why, check_claim, last_dead_day
from faka.contexts.stock.rewrite import RESTORE
from faka.contexts.stock.standing import Allotment, StandingOrders
from faka.kernel.clock import Clock
from faka.kernel.ids import SkuId
from faka.platform.table import Tables, Write


class StockStore:
    """Claims, returns, additions and withholding.

    `guard_days`: cards that expire within so many days after today (Shanghai) are not sold.
    `sold_out_memory_s`: how long this process may repeat "sold out" without asking; 0 asks always.
    """

    def __init__(self, tables: Tables, clock: Clock, *, guard_days: int = 0, sold_out_memory_s: float = 0.0) -> None:
        self._tables = tables
        self._clock = clock
        self._guard_days = guard_days
        self._heads = Heads(tables)
        self._aside = AsideRows(tables, self._heads)
        self._log = StockLog(tables, self._heads, self._aside)
        self._standing = StandingOrders(tables)
        self._links = Links(tables, self._log)
        self._claims = Claims(self._heads, self._log, self._aside)
        self._sold_out = SoldOutMemory(clock, min(sold_out_memory_s, SOLD_OUT_MEMORY_S_MAX))

    # -- selling --------------------------------------------------------------------------------------------------

    def claim(self, sku: SkuId, tag: str, quantity: int, shards: int) -> tuple[Run, ...]:
        """Hand out `quantity` cards, all or none.

        `tag` is the order id, with `+attempt` behind it when an order claims again: the same tag gets the same runs as
        long as the ring knows it, so a tag whose runs were given back must not be used again.
        Raises: OutOfStock, whose `taken` the caller gives back; StockBusy (same); InvalidRequest; Throttled; UnknownOutcome.
        """
        check_claim(tag, quantity, shards)
        self._sold_out.check(sku, quantity)
        try:
            return self._claims.run(Claim(sku, tag, quantity, shards, self._dead_day()))
        except OutOfStock as short:
            self._sold_out.note(sku, short.available)
            raise

    def returned(self, sku: SkuId, runs: Sequence[Run]) -> list[Write]:
        """Writes that bring runs back, for the one commit in which their owner lets go of them. Else LogMoved: ask again."""
        return self._log.returned(sku, runs)

    def settle_log(self, sku: SkuId, shards: Iterable[int]) -> None:
        """Let the heads take in what was returned or linked. Repeatable."""
        self._log.settle(sku, shards, self._dead_day())
        self._sold_out.forget(sku)

    # -- looking --------------------------------------------------------------------------------------------------

    def available(self, skus: Mapping[SkuId, int], strong: bool = False) -> dict[SkuId, int]:
        """Cards for sale now, by SKU with its number of shards. A few milliseconds old unless `strong`."""
        heads = self._heads.get_many([(sku, shard) for sku, shards in skus.items() for shard in range(shards)], strong=strong)
        found = dict.fromkeys(skus, 0)
        for (sku, _), head in heads.items():
            found[SkuId(sku)] += head.sellable(self._dead_day())
        return found

    def counts(self, sku: SkuId) -> Counts:
        """Where all the cards are. For the office, not for a request of a buyer."""
        standing = self._standing.read(sku)
        heads = self._heads.get_many((sku, shard) for shard in range(standing.shards)).values()
        withheld: dict[Why, int] = {}
        for drawn in self._drawn(sku, standing.shards):
            withheld[drawn.why] = withheld.get(drawn.why, 0) + drawn.extent.count
        for each in (each for head in heads for each in head.aside):
            withheld[each.why] = withheld.get(each.why, 0) + each.end - each.start
        return Counts(
            sku=sku,
            available=sum(extent.count for head in heads for extent in head.extents()),
            waiting=sum(self._log.waiting_cards(head) for head in heads),
            withheld=withheld,
            claimed=sum(head.claimed for head in heads),
            returned=sum(head.returned for head in heads),
            imported=sum(head.imported for head in heads),
        )

    def drawn(self, sku: SkuId) -> Iterator[Drawn]:
        """What lies in the drawers, extent by extent with its reason. For the office."""
        yield from self._drawn(sku, self._standing.read(sku).shards)

    # -- adding ---------------------------------------------------------------------------------------------------

    def allot(self, sku: SkuId, count: int) -> Allotment:
        """Numbers for `count` new cards, whole pages of them, and the ordinal of their batch."""
        return self._standing.allot(sku, count)

    def link(self, sku: SkuId, batch: int, extents: Sequence[Extent], shards: int) -> None:
        """Put cards up for sale, each once: cards of a batch are linked in ascending order, and a repeat skips what is in.

        Raises: StockBusy; TransactionBusy, Throttled, UnknownOutcome (link again).
        """
        self._standing.have_shards(sku, shards)
        for _ in range(LOG_TRIES_MAX * (1 + len(extents))):
            upto, missing = self._links.missing(sku, batch, extents)
            if not missing:
                self.settle_log(sku, range(shards))
                return
            try:
                self._tables.commit(self._links.linked(sku, batch, upto, missing[:LOG_EXTENTS_MAX], shards))
            except (LogMoved, LinkMoved):
                continue
        raise StockBusy("linking kept meeting others")

    # -- withholding ----------------------------------------------------------------------------------------------

    def withhold(self, sku: SkuId, batch: int, why: Why) -> None:
        """Take a batch off sale. When this returns, no card of it can be claimed, nor any that comes back later."""
        self._obeyed(sku, self._standing.bar(sku, f"b{batch}", why).shards)

    def restore(self, sku: SkuId, batch: int) -> None:
        """Put a withheld batch back on sale, but for its expired cards and its singly barred ones."""
        self._put_back(sku, self._standing.unbar(sku, f"b{batch}").shards, batch=batch)

    def withhold_number(self, sku: SkuId, number: int, why: Why) -> bool:
        """Take one card off sale; says whether it was still in stock. If not, an order has it or had it last."""
        shards = self._standing.bar(sku, f"n{number}", why).shards
        self._obeyed(sku, shards)
        return any(drawn.extent.start <= number < drawn.extent.end for drawn in self._drawn(sku, shards))

    def restore_number(self, sku: SkuId, number: int) -> None:
        self._put_back(sku, self._standing.unbar(sku, f"n{number}").shards, number=number)

    def close(self, sku: SkuId) -> None:
        """Take the whole SKU off sale where it stands."""
        self._obeyed(sku, self._standing.set_open(sku, False).shards)

    def open(self, sku: SkuId) -> None:
        self._obeyed(sku, self._standing.set_open(sku, True).shards)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _obeyed(self, sku: SkuId, shards: int) -> None:
        self.settle_log(sku, range(shards))

    def _put_back(self, sku: SkuId, shards: int, *, batch: int | None = None, number: int | None = None) -> None:
        self._obeyed(sku, shards)
        for drawn in [drawn for drawn in self._drawn(sku, shards) if _is_meant(drawn, batch, number)]:
            self._put_one_back(sku, drawn)
        self._obeyed(sku, shards)

    def _put_one_back(self, sku: SkuId, drawn: Drawn) -> None:
        for _ in range(LOG_TRIES_MAX):
            try:
                self._tables.commit([self._aside.went_back(drawn), *self._log.added(sku, RESTORE, {drawn.shard: [drawn.extent]})])
            except LogMoved:
                continue
            except AlreadyBack:
                return
            return
        raise StockBusy("restoring kept meeting others")

    def _drawn(self, sku: SkuId, shards: int) -> Iterable[Drawn]:
        for shard in range(shards):
            yield from self._aside.rows(sku, shard)

    def _dead_day(self) -> int:
        return last_dead_day(self._clock.now(), self._guard_days)


def _is_meant(drawn: Drawn, batch: int | None, number: int | None) -> bool:
    if number is not None:
        return drawn.extent.start == number and drawn.extent.count == 1 and drawn.why is not Why.EXPIRED
    return drawn.extent.batch == batch and drawn.why is not Why.EXPIRED

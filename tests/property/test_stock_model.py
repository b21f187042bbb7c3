"""Random lives of a stock against a model that only knows sets: every number is in exactly one place, always."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from faka.contexts.stock import OutOfStock, Run, StockBusy, StockStore, Why, extent
from faka.kernel.ids import SkuId
from tests.kit.clock import FrozenClock
from tests.kit.engine import Engine
from tests.unit.stock.audit import linked, rows_of


pytestmark = pytest.mark.property

SKU = SkuId("any")
DATES = ("", "2026-03-05", "2026-04-01", "2027-01-01")


class StockLife(RuleBasedStateMachine):
    """The model: who has which numbers, which are barred, which are dead. The stock must agree at each step."""

    held: Bundle[Run] = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.clock = FrozenClock()
        self.tables = self.engine.tables()
        self.stock = StockStore(self.tables, self.clock)
        self.shards = 1
        self.claims = 0
        self.out: set[int] = set()
        self.batches: dict[int, set[int]] = {}
        self.dies: dict[int, str] = {}
        self.barred_batches: set[int] = set()
        self.barred_numbers: set[int] = set()

    # -- what happens ---------------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 40), expires=st.sampled_from(DATES), pieces=st.integers(1, 3))
    def imports(self, count: int, expires: str, pieces: int) -> None:
        allotted = self.stock.allot(SKU, count)
        cut = [allotted.base + count * i // pieces for i in range(pieces + 1)]
        extents = [extent(a, b - a, allotted.batch, expires) for a, b in pairwise(cut) if b > a]
        self.stock.link(SKU, allotted.batch, extents, self.shards)
        numbers = set(range(allotted.base, allotted.base + count))
        assert not numbers & set(self.dies)
        self.batches[allotted.batch] = numbers
        self.dies |= dict.fromkeys(numbers, expires)

    @rule(target=held, quantity=st.integers(1, 25))
    def claims_cards(self, quantity: int) -> object:
        self.claims += 1
        sellable = self._sellable()
        if len(sellable) < quantity:
            with pytest.raises(OutOfStock) as short:
                self.stock.claim(SKU, f"ord_{self.claims}", quantity, self.shards)
            assert (short.value.available, short.value.taken) == (len(sellable), ())
            return multiple()
        runs = self.stock.claim(SKU, f"ord_{self.claims}", quantity, self.shards)
        numbers = [number for run in runs for number in range(run.start, run.start + run.count)]
        assert len(numbers) == len(set(numbers)) == quantity
        assert set(numbers) <= sellable
        for run in runs:
            assert set(range(run.start, run.start + run.count)) <= self.batches[run.batch]
            assert {self.dies[number] for number in range(run.start, run.start + run.count)} == {run.expires}
        self.out |= set(numbers)
        return multiple(*runs)

    @rule(runs=st.lists(consumes(held), min_size=1, max_size=5), settles=st.booleans())
    def gives_back(self, runs: list[Run], settles: bool) -> None:
        self.tables.commit([self._arbiter(runs), *self.stock.returned(SKU, runs)])
        if settles:
            self.stock.settle_log(SKU, range(self.shards))
        for run in runs:
            self.out -= set(range(run.start, run.start + run.count))

    @rule(data=st.data(), why=st.sampled_from([Why.FROZEN, Why.VOID]))
    def withholds(self, data: st.DataObject, why: Why) -> None:
        if self.batches:
            batch = data.draw(st.sampled_from(sorted(self.batches)))
            self.stock.withhold(SKU, batch, why)
            self.barred_batches.add(batch)

    @rule(data=st.data())
    def restores(self, data: st.DataObject) -> None:
        if self.barred_batches:
            batch = data.draw(st.sampled_from(sorted(self.barred_batches)))
            self.stock.restore(SKU, batch)
            self.barred_batches.discard(batch)

    @rule(data=st.data())
    def bars_a_number(self, data: st.DataObject) -> None:
        if self.dies:
            number = data.draw(st.sampled_from(sorted(self.dies)))
            in_stock = self.stock.withhold_number(SKU, number, Why.QUARANTINE)
            assert in_stock is (number not in self.out)
            self.barred_numbers.add(number)

    @rule(data=st.data())
    def frees_a_number(self, data: st.DataObject) -> None:
        if self.barred_numbers:
            number = data.draw(st.sampled_from(sorted(self.barred_numbers)))
            self.stock.restore_number(SKU, number)
            self.barred_numbers.discard(number)

    @rule()
    def a_shard_is_added(self) -> None:
        self.shards = min(4, self.shards + 1)

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.clock.advance(days=days)

    @rule()
    def settles(self) -> None:
        self.stock.settle_log(SKU, range(self.shards))

    # -- what holds -----------------------------------------------------------------------------------------------

    @invariant()
    def every_number_is_in_one_place(self) -> None:
        from tests.unit.stock.audit import places

        found = places(self.engine, SKU)
        assert all(len(names) == 1 for names in found.values())
        assert set(found) == set(linked(self.engine, SKU)) - self.out

    @invariant()
    def only_what_is_barred_or_dead_is_put_aside(self) -> None:
        barred = self.barred_numbers | {number for batch in self.barred_batches for number in self.batches[batch]}
        today = self.clock.now().date().isoformat()
        assert self._put_aside() <= barred | {number for number, dies in self.dies.items() if dies and dies <= today}

    @invariant()
    def counts_add_up(self) -> None:
        if self.batches:
            counts = self.stock.counts(SKU)
            assert counts.available + counts.waiting + sum(counts.withheld.values()) == len(self.dies) - len(self.out)

    def _sellable(self) -> set[int]:
        today = self.clock.now().date().isoformat()
        free = {number for number in self.dies if number not in self.out | self.barred_numbers}
        free -= {number for batch in self.barred_batches for number in self.batches[batch]}
        return {number for number in free if not self.dies[number] or self.dies[number] > today} - self._put_aside()

    def _put_aside(self) -> set[int]:
        """In the drawer under a reason of its own: voided twice over, or expired."""
        rows = [row for row in rows_of(self.engine, f"ASIDE#{SKU}#") if "back" not in row]
        return {number for row in rows for number in range(row["x"][0], row["x"][0] + row["x"][1])}

    def _arbiter(self, runs: list[Run]) -> object:
        from faka.platform.table import TableName, insert

        return insert(TableName.TRADE, {"pk": f"GONE#{runs[0].event}", "sk": "GONE"})


StockLife.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestStockLife = StockLife.TestCase


@pytest.mark.parametrize("seed", range(3))
def test_a_busy_stock_never_says_too_little(seed: int) -> None:
    """Singles come back in no order while others buy: nobody is told sold out before the last card is gone."""
    import random

    chance = random.Random(seed)
    engine = Engine()
    stock = StockStore(engine.tables(), FrozenClock())
    stock.allot(SKU, 120)
    stock.link(SKU, 1, [extent(0, 120, 1)], 2)
    held: list[Run] = []
    for i in range(400):
        if held and chance.random() < 0.45:
            run = held.pop(chance.randrange(len(held)))
            engine.tables().commit(stock.returned(SKU, [run]))
            continue
        free = 120 - sum(run.count for run in held)
        quantity = chance.randint(1, 6)
        try:
            held += stock.claim(SKU, f"ord_{i}", quantity, 2)
        except OutOfStock:
            assert free < quantity
        except StockBusy as busy:
            held += busy.taken

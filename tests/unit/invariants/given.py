"""A shop to which everything happened that can happen to an order, and its books to be tampered with.

```python
books = tampered()                                   # sound books of `story()`, a copy of its own
books.row("trade", f"ORDER#{books.named['paid']}")["runs"] = []
assert books.broken() == {"I1"}
```
"""

import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from faka.contexts.ledger.accounts import promotion
from faka.contexts.orders.errors import NotReady
from faka.contexts.recharges import Heard, Word
from faka.contexts.stock import Why
from faka.contexts.suppliers.base import SupplyState
from faka.contexts.vault import Batch, BatchState, CardWithheld, moved, voided
from faka.contexts.wallets.model import WalletId
from faka.flows.announce import announce
from faka.flows.ask_refund import ask_refund
from faka.flows.correct_account import correct_account
from faka.flows.issue_values import issue_values, void_values
from faka.flows.order_page import cancel, change_method
from faka.flows.refund_order import refund_order
from faka.flows.take_notice import take_notice
from faka.kernel.ids import ChannelId, out_trade_no, payment_id
from faka.kernel.money import Currency, Money
from faka.platform.table import Item, TableName
from faka.steps.invariants import Books, Violation, violations
from faka.steps.recharge import hear
from faka.steps.wallet import credited
from tests.kit.engine import Engine
from tests.kit.tables import PHYSICAL
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import product, sku
from tests.unit.recharges.given import FORM, ScriptedSupplier, TopUps
from tests.unit.wallets.given import codes, issue, pays, purse


SKUS = (sku("video-vip-month"), sku("gift", 0))
"""Goods at a price, and goods that are given away."""

Plant = Callable[["Tampered"], None]


def books_of(world: World) -> Books:
    return Books(**{name.value: world.rows(PHYSICAL[name]) for name in TableName})


def streamed(world: World) -> None:
    """The relay reads what the trade table's stream has told since the last time."""
    for table, old, new in list(world.client.stream):
        if table == PHYSICAL[TableName.TRADE] and new is not None:
            announce(world.deps, [{"dynamodb": {"NewImage": new, **({"OldImage": old} if old else {})}}])
    world.client.stream.clear()


def settled(world: World, minutes: int = 1) -> None:
    for _ in range(minutes):
        world.clock.advance(minutes=1)
        streamed(world)
        world.sweep()


def freeze(world: World, batch: Batch) -> None:
    world.deps.tables.commit([moved(batch, BatchState.FROZEN)])
    world.deps.stock.withhold(batch.sku, batch.ordinal, Why.FROZEN)


WRITES = frozenset(("put_item", "update_item", "delete_item", "transact_write_items", "batch_execute_statement", "batch_write_item"))


class Watched:
    """A client that lets somebody look at the tables after each write."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.look: Callable[[], None] = lambda: None
        self.writes = 0

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._engine, verb)
        if verb not in WRITES:
            return call

        def watched(**given: Any) -> Any:
            answer = call(**given)
            self.writes += 1
            self.look()
            return answer

        return watched


class Story:
    """One shop's day; `named` holds the order that each chapter is about."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.named: dict[str, str] = {}
        for sku_id, count in (("gift", 2), ("video-vip-month", 6)):
            world.sku = world.product.sku(sku_id)
            world.stock_up(count)
        for chapter in (self.ends_unpaid, self.pays, self.pays_wrongly, self.gives_back, self.looks, self.is_left_lying, self.is_withheld):
            chapter()
            settled(world, 2)
        self.stores_money()
        self.tops_up()
        self.waits()
        streamed(world)

    def ends_unpaid(self) -> None:
        world = self.world
        expired, canceled = world.buy(), world.buy(quantity=2)
        late, too_late = world.buy(), world.buy()
        cancel(world.deps, canceled.id, world.proof(canceled))
        settled(world, 20)
        world.pay(late)
        world.pay(world.buy(quantity=world.left))
        world.pay(too_late)
        world.stock_up(12)
        self.named |= {"expired": expired.id, "canceled": canceled.id, "late": late.id, "too late": too_late.id}

    def pays(self) -> None:
        world = self.world
        paid, twice, changed = world.buy(contact="one@example.com"), world.buy(), world.buy()
        for order in (paid, twice, twice):
            [raw] = world.notices(order)
            world.deliver_notice(order, raw)
        changed = change_method(world.deps, changed.id, world.proof(changed), "epay", "epay")
        world.pay(changed)
        self.named |= {"paid": paid.id, "twice": twice.id, "changed": changed.id}

    def pays_wrongly(self) -> None:
        """Another amount, and then either the right one by the next attempt or nothing; and money for nobody."""
        world = self.world
        held, made_good = world.buy(contact="two@example.com"), world.buy()
        for order in (held, made_good):
            [raw] = world.notices(order, order.total.minor - 1)
            if order is made_good:
                change_method(world.deps, order.id, world.proof(order), "epay", "epay")
            take_notice(world.deps, ChannelId("alipay"), raw)
        world.pay(world.order(made_good))
        stranger = out_trade_no(payment_id(world.command().form_id.join(("ord_", "")), 0))  # type: ignore[arg-type]
        [raw] = world.providers.alipay.pay(stranger, 777)
        take_notice(world.deps, ChannelId("alipay"), raw)
        self.named |= {"held": held.id, "made good": made_good.id}

    def gives_back(self) -> None:
        """One order is given back unseen by its buyer, one is paid back in part, one in whole after its card was seen."""
        world = self.world
        unseen, part, seen = world.buy(), world.buy(), world.buy()
        for order in (unseen, part, seen):
            world.pay(order)
        ask_refund(world.deps, unseen.id, world.proof(unseen))
        refund_order(world.deps, part.id, 100, "late answer", "mei")
        world.reveal(seen)
        refund_order(world.deps, seen.id, None, "the code did not work", "mei")
        self.named |= {"given back": unseen.id, "part": part.id, "seen": seen.id}

    def looks(self) -> None:
        world = self.world
        shown = world.buy(quantity=2)
        with suppress(NotReady):
            world.reveal(shown)
        world.pay(shown)
        for _ in range(3):
            world.reveal(shown)
        self.named["shown"] = shown.id

    def is_left_lying(self) -> None:
        """Cards claimed by a checkout that died, a free order, and a notice that nobody can apply."""
        world = self.world
        world.deps.stock.claim(world.sku.id, f"ord_{world.command().form_id}+q1", 1, world.sku.shards)
        self.named["free"] = world.buy(sku="gift", contact="three@example.com").id
        unconfirmed = world.buy(channel="epay", method="epay")
        world.providers.epay.open(out_trade_no(unconfirmed.payment_id), unconfirmed.total.minor)
        raw = world.providers.epay.notice(out_trade_no(unconfirmed.payment_id))
        take_notice(world.deps, ChannelId("epay"), raw)
        settled(world, 14)
        self.named["unconfirmed"] = unconfirmed.id

    def is_withheld(self) -> None:
        """One order gets other cards, one none; a returned card of the frozen batch and a void one lie in the drawer."""
        world = self.world
        replaced, withheld, ended = world.buy(), world.buy(), world.buy()
        world.pay(replaced)
        world.pay(withheld)
        [run] = replaced.runs
        fresh = world.stock_up(3)
        freeze(world, world.deps.vault.batch(world.sku.id, run.batch))
        with suppress(CardWithheld):
            world.reveal(replaced)
        world.deps.tables.commit([voided(fresh, fresh.base + 2)])
        world.deps.stock.withhold_number(fresh.sku, fresh.base + 2, Why.VOID)
        taken = world.buy()
        with suppress(CardWithheld):
            world.reveal(withheld)
        settled(world, 20)
        self.named |= {"replaced": replaced.id, "withheld": withheld.id, "ended": ended.id, "taken": taken.id}

    def stores_money(self) -> None:
        """Gift values that are open, redeemed and void; a wallet that pays an order and gets money back."""
        world = self.world
        world.stock_up(2)
        open_, void = issue(world, 700), issue(world, 300)
        issue_values(world.deps, open_, codes(world, 2))
        issue_values(world.deps, void, codes(world, 1))
        void_values(world.deps, void.batch, "mei", "printed twice")
        held, paid = purse(world), world.buy()
        pays(world, paid, held)
        back = Money(minor=30, currency=Currency.CNY)
        kind = credited(world.deps, WalletId(held.number), back, "x", debit=promotion(Currency.CNY), ref="x", at=world.clock.now())
        world.deps.tables.commit(kind)
        self.named |= {"by wallet": paid.id, "wallet": held.number, "open values": open_.batch, "void values": void.batch}

    def tops_up(self) -> None:
        """One top-up arrives at the second supplier, one nowhere, one is taken back, one has called a person, one waits for its buyer, one
        goes to a corrected account."""
        world, kept = self.world, (self.world.product, self.world.sku)
        first, second = ScriptedSupplier("first", "refused"), ScriptedSupplier("second", SupplyState.SUCCEEDED)
        one = product("top-up", kind="DIRECT_RECHARGE", account_form=FORM, skus=(sku("top-up-month", per_order_max=1),))
        world.deps.tables.commit(world.deps.catalog.publish(one.model_copy(update={"state": "LISTED"}), 0))
        world.product = world.deps.catalog.product(one.id, fresh=True)
        world.sku = world.product.skus[0]
        shop = TopUps(world, first, second)
        arrived, back = shop.begun(), shop.begun()
        for recharge in (arrived, back):
            shop.play(recharge)
        last = shop.recharge(shop.order(back)).last
        hear(world.deps, back.id, Heard(last.number, Word.REVERSED, "notice", status="reversed"))
        second.says = ["refused"]
        nowhere = shop.begun()
        shop.play(nowhere)
        first.says = second.says = ["silent"]
        called = shop.begun()
        shop.step(called, "submit")
        world.clock.advance(minutes=31)
        settled(world)
        shop.step(called, "ask")
        first.says = second.says = ["refused, account"]
        asked, under_way = shop.begun(), shop.begun()
        for recharge in (asked, under_way):
            shop.play(recharge)
        first.says = second.says = [SupplyState.PROCESSING]
        correct_account(world.deps, under_way.order_id, world.proof(shop.order(under_way)), {"mobile": "13900139000"})
        shop.step(under_way, "submit")
        told = {"topped up": arrived, "taken back": back, "given up": nowhere, "called": called, "sent back": asked, "under way": under_way}
        self.named |= {name: recharge.order_id for name, recharge in told.items()}
        world.product, world.sku = kept

    def waits(self) -> None:
        world = self.world
        world.stock_up(4)
        self.named["open"] = world.buy(contact="four@example.com", quantity=2).id
        paid = world.buy(contact="five@example.com")
        world.pay(paid)
        self.named["unmailed"] = paid.id


@cache
def story() -> bytes:
    """The tables, the time and the names, pickled: loading makes a copy quicker than copying does."""
    with engine_world(skus=SKUS) as world:
        told = Story(world)
        return pickle.dumps((books_of(world), world.clock.now(), told.named))


class Tampered:
    """The books of the story, to be changed by one test."""

    def __init__(self, books: Books, now: datetime, named: dict[str, str]) -> None:
        self.tables: dict[str, list[Item]] = {name.value: list(getattr(books, name.value)) for name in TableName}
        self.now = now
        self.named = named

    def order(self, name: str) -> Item:
        return self.row("trade", f"ORDER#{self.named[name]}")

    def recharge(self, name: str) -> Item:
        return self.row("trade", f"RECHARGE#rch_{self.named[name][4:]}")

    def row(self, table: str, pk: str, sk: str = "") -> Item:
        """The one row whose keys begin so."""
        [found] = self.rows(table, pk, sk)
        return found

    def rows(self, table: str, pk: str, sk: str = "") -> list[Item]:
        return [row for row in self.tables[table] if row["pk"].startswith(pk) and row["sk"].startswith(sk)]

    def add(self, table: str, **row: Any) -> None:
        self.tables[table].append(row)

    def drop(self, table: str, pk: str, sk: str = "") -> None:
        gone = [id(row) for row in self.rows(table, pk, sk)]
        assert gone, f"no row {pk} {sk}"
        self.tables[table] = [row for row in self.tables[table] if id(row) not in gone]

    def violations(self, *, is_quiet: bool = False, overdue_after: timedelta | None = None, holds_max: int = 5) -> list[Violation]:
        return violations(Books(**self.tables), self.now, is_quiet=is_quiet, overdue_after=overdue_after, holds_max=holds_max)


def tampered() -> Tampered:
    return Tampered(*pickle.loads(story()))


# -- twins ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planted:
    """A promise broken by hand, and the invariants that say so."""

    name: str
    expected: frozenset[str]
    plant: Plant
    asked: dict[str, Any]


PLANTED: list[Planted] = []


def planted(*expected: str, **asked: Any) -> Callable[[Plant], Plant]:
    """Register a function that breaks `expected` in sound books; `asked` is how the books are looked at."""

    def register(plant: Plant) -> Plant:
        PLANTED.append(Planted(plant.__name__, frozenset(expected), plant, asked))
        return plant

    return register

"""A shop with a provider that tells everything about refunds, and what its books, its order and that provider's bank say of one.

```python
with refunding_world() as world:
    order = sold(world)                        # paid by WeChat Pay, nobody has seen the goods
    refund = brought_to(world, order, RefundStatus.SUBMITTED)
    told = Listening(world)                    # from here on: told.asked, told.numbers
    sweeps(world, days=1)
    assert (entries(world, refund), broken(world)) == (["due", "ok"], [])
```
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from faka.contexts.cases import Case, CaseKind, case_id
from faka.contexts.orders.model import Order
from faka.contexts.payments.providers.base import EventSource
from faka.contexts.payments.providers.refunding import RefundEvent, RefundOrder, RefundProgress
from faka.contexts.payments.refunds import Refund, refund_from
from faka.flows.ask_refund import ask_refund
from faka.kernel.ids import out_trade_no
from faka.kernel.money import Money
from faka.kernel.refund import RefundStatus
from faka.steps.invariants import Question, Tally
from faka.steps.refund import drive, hear
from infra.local.actors.bank import BankRefund, RefundWay
from tests.kit.providers import FakeProvider
from tests.kit.world import World
from tests.unit.invariants.given import books_of
from tests.unit.wallets.given import quick_world


CARDS = 5
PRICE = 1_580

KIND = "wechatpay"
"""It tells of success and failure, and answers questions about both; its player keeps an honest bank."""


STANDS = {
    "due": {"psp:wechatpay:clearing": PRICE, "refund:wechatpay:in_transit": -PRICE},
    "ok": {},
    "fail": {"psp:wechatpay:clearing": PRICE, "suspense:failed_refunds": -PRICE},
    "back": {"psp:wechatpay:clearing": PRICE, "suspense:failed_refunds": -PRICE},
}
"""Where the customer's money is after the last booked step: with the provider for us, and his; or gone to him, and nothing is left."""


@contextmanager
def refunding_world(**kept: Any) -> Iterator[World]:
    with quick_world(**kept) as world:
        world.deps.tables.commit([world.deps.catalog.save_channel(world.providers.also(KIND).row())])
        world.clock.advance(minutes=6)  # the catalogue in memory is that old at most
        world.stock_up(CARDS)
        yield world


def sold(world: World, **changes: Any) -> Order:
    return world.pay(world.buy(channel=KIND, method="native", **changes))


def provider(world: World) -> FakeProvider:
    return world.providers.by_id(KIND)


def at_the_bank(world: World, order: Order) -> list[BankRefund]:
    return provider(world).refunds(out_trade_no(order.payment_id))


def refunds(world: World) -> list[Refund]:
    """Every refund that was decided, the oldest first."""
    return sorted((refund_from(row) for row in world.rows("test-trade") if row["sk"] == "REFUND"), key=lambda one: one.created_at)


def only(world: World) -> Refund:
    [refund] = refunds(world)
    return refund


def case_of(world: World, refund: Refund) -> Case | None:
    return world.deps.cases.find(case_id(CaseKind.REFUND, refund.id))


def is_asking(world: World, refund: Refund) -> bool:
    """Whether a person is asked about it now."""
    case = case_of(world, refund)
    return case is not None and case.state == "OPEN"


# -- the ledger ---------------------------------------------------------------------------------------------------


def entries(world: World, refund: Refund) -> list[str]:
    """The steps that are booked of a refund; a name is there once or not at all, so each is booked once."""
    there = {row["pk"].removeprefix("TXN#") for row in world.rows("test-journal") if row["sk"] == "TXN"}
    return [step for step in ("due", "ok", "fail", "back", "late") if f"rfd:{refund.id}:{step}" in there]


def balances(world: World) -> dict[str, int]:
    """What each account holds, debit less credit; accounts with nothing are left out. Each entry must balance."""
    sums: dict[str, int] = {}
    for row in world.rows("test-journal"):
        if row["sk"] != "TXN":
            continue
        signed = [(line["account"], line["amount_minor"] * (1 if line["side"] == "D" else -1)) for line in row["lines"]]
        assert sum(minor for _, minor in signed) == 0, row["pk"]
        for account, minor in signed:
            sums[account.split("/")[0]] = sums.get(account.split("/")[0], 0) + minor
    return {account: minor for account, minor in sums.items() if minor}


def broken(world: World) -> list[str]:
    """The promises that the books break now."""
    tally = Tally()
    tally.take_all(books_of(world))
    settings = world.settings
    question = Question(
        now=world.clock.now(),
        is_quiet=False,
        overdue_after=None,
        holds_max=settings.faka_holds_max,
        held_cards_max=settings.faka_held_cards_max,
        hold_ttl=timedelta(seconds=settings.faka_hold_ttl_s),
    )
    return [f"{one.invariant} {one.subject}: {one.what}" for one in tally.violations(question)]


# -- what is said -------------------------------------------------------------------------------------------------


def said(refund: Refund, state: RefundProgress, minor: int | None = None) -> RefundEvent:
    """A proved word of the provider about a refund."""
    return RefundEvent(
        channel_id=refund.channel_id,
        kind=KIND,  # type: ignore[arg-type]
        source=EventSource.QUERY,
        out_refund_no=refund.number,
        out_trade_no=refund.out_trade_no,
        channel_txn_id=refund.channel_txn_id,
        channel_refund_id="50300",
        state=state,
        status=state.value,
        amount=Money(minor=refund.amount.minor if minor is None else minor, currency=refund.amount.currency),
        dedupe_key=f"said.{state}",
        raw_sha256="0" * 64,
    )


class Listening:
    """Stands before the adapter and writes down each call about a refund. `beforehand` may raise instead of it."""

    def __init__(self, world: World, beforehand: Any = lambda _verb: None) -> None:
        self.asked: list[tuple[str, str]] = []
        """What was called and under which number: `refund`, `query_refund`."""
        opens = world.deps.adapter
        self._beforehand = beforehand
        self._inner: Any = None

        def adapter(channel_id: Any) -> Any:
            self._inner = opens(channel_id)
            return self

        world.deps.__dict__["adapter"] = adapter

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked]

    @property
    def numbers(self) -> set[str]:
        return {number for _, number in self.asked}

    def refund(self, order: RefundOrder) -> RefundEvent:
        return self._said("refund", order)

    def query_refund(self, order: RefundOrder) -> RefundEvent | None:
        return self._said("query_refund", order)

    def _said(self, verb: str, order: RefundOrder) -> Any:
        self.asked.append((verb, order.out_refund_no))
        self._beforehand(verb)
        return getattr(self._inner, verb)(order)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


# -- where a refund is --------------------------------------------------------------------------------------------


def brought_to(world: World, order: Order, status: RefundStatus) -> Refund:
    """The refund of goods that nobody saw, as far as this; the bank's books agree with ours."""
    ask_refund(world.deps, order.id, world.proof(order))
    if status is RefundStatus.REQUESTED:
        return only(world)
    if status is not RefundStatus.SUCCEEDED:
        provider(world).refund_way = RefundWay.LATER
    drive(world.deps, only(world))
    if status is RefundStatus.FAILED:
        provider(world).fail_refund(out_trade_no(order.payment_id))
        drive(world.deps, only(world))
    if status is RefundStatus.WITH_PERSON:
        hear(world.deps, only(world).id, said(only(world), RefundProgress.SUCCEEDED, 1))
    assert only(world).status is status
    return only(world)


def sweeps(world: World, *, days: int = 0, hours: int = 0, minutes: int = 0) -> None:
    """The sweep goes round as often as a refund's ladder asks: each minute at first, then each half hour, each six hours at last."""
    for _ in range(minutes):
        world.minute()
    for _ in range(hours * 2):
        world.clock.advance(minutes=30)
        world.sweep()
    for _ in range(days * 4):
        world.clock.advance(hours=6)
        world.sweep()

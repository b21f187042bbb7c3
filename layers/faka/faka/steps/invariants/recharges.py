"""I2, I3 and I14 over recharges: one success at most, nothing paid back while anything is out, each end booked and told.

| recharge | its order | entries | besides |
|---|---|---|---|
| CREATED, open, FAILED | PAID | | in the due index; a case once its limit is over |
| WAITING_FOR_BUYER | PAID, and asks its buyer | | due when his time is over |
| SUCCEEDED | COMPLETED, delivery DONE; or ended before, and a case | cost | |
| REVERSED | as SUCCEEDED | cost, back | a case |
| GIVEN_UP | FAILED, its money goes back | | |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import TYPE_CHECKING

from faka.contexts.orders.model import DeliveryState, OrderState
from faka.contexts.recharges.model import ENDED, OPEN, RechargeState, number_of, order_of, recharge_id
from faka.contexts.recharges.store import recharge_key
from faka.kernel.ids import OrderId, RechargeId
from faka.platform.table import Item, Key, TableName
from faka.steps.invariants.attempts import AttemptFacts, one_after_the_other, read_attempt
from faka.steps.invariants.books import Question


if TYPE_CHECKING:
    from faka.steps.invariants.facts import Facts, OrderFacts


CALL_AFTER = timedelta(minutes=20)
"""A person is called by the question at the limit. A machine that was lost before is begun anew at most ten minutes later."""

_S = RechargeState
_ARRIVED = frozenset({_S.SUCCEEDED, _S.REVERSED})


@dataclass(slots=True)
class RechargeFacts:
    id: str
    order: str
    state: RechargeState
    attempts: tuple[AttemptFacts, ...]
    price: int
    currency: str
    limit_at: str
    is_with_a_person: bool
    due: str | None
    round_from: int
    correct_until: str | None


def read(facts: "Facts", row: Item) -> None:
    attempts = tuple(read_attempt(one, int((one.get("cost") or one["cost_max"])["minor"])) for one in row["attempts"])
    facts.recharges[row["order_id"]] = RechargeFacts(
        id=row["id"],
        order=row["order_id"],
        state=RechargeState(row["state"]),
        attempts=attempts,
        price=int(row["price"]["minor"]),
        currency=intern(row["price"]["currency"]),
        limit_at=row["limit_at"],
        is_with_a_person=row["is_with_a_person"],
        due=row.get("due_sk"),
        round_from=int(row.get("round_from", 0)),
        correct_until=row.get("correct_until"),
    )


def keys_of(order: OrderId) -> Iterator[Key]:
    """The rows of an order's recharge."""
    name = recharge_id(order)
    yield recharge_key(name)
    yield from (Key(TableName.TRADE, f"CASE#case_recharge_{name}{what}", "CASE") for what in ("", ":back", ":late"))
    yield from (Key(TableName.JOURNAL, f"TXN#rch:{name}:{step}", "TXN") for step in ("cost", "back"))


def check(facts: "Facts", _question: Question) -> None:
    for recharge in facts.recharges.values():
        order = facts.orders.get(recharge.order)
        if order is None or not order.is_recharge or order_of(RechargeId(recharge.id)) != recharge.order:
            facts.say("I2", recharge.id, f"a recharge of {recharge.order}, which has none")
            continue
        _tried_in_turn(facts, recharge)
        _ends_as_its_attempt(facts, recharge)
        _order_knows(facts, recharge, order)
        _booked(facts, recharge)
        _looked_after(facts, recharge)
    for order in facts.orders.values():
        if order.is_recharge and order.delivery is DeliveryState.DONE and order.id not in facts.recharges:
            facts.say("I2", order.id, "delivered by no recharge")
    _entries(facts)


def _tried_in_turn(facts: "Facts", recharge: RechargeFacts) -> None:
    wanted = [number_of(RechargeId(recharge.id), place) for place in range(len(recharge.attempts))]
    one_after_the_other(facts, recharge.id, recharge.attempts, wanted)
    for one in recharge.attempts:
        if one.minor > recharge.price:
            facts.say("I8", recharge.id, f"{one.number} costs {one.minor}, the buyer paid {recharge.price}")


def _ends_as_its_attempt(facts: "Facts", recharge: RechargeFacts) -> None:
    last = recharge.attempts[-1].state if recharge.attempts else None
    match recharge.state:
        case _S.CREATED:  # nothing was ordered for its present account
            fits = last in (None, _S.FAILED) and recharge.round_from == len(recharge.attempts)
        case _S.SUCCEEDED | _S.REVERSED:
            fits = last == _S.SUCCEEDED
        case _S.FAILED:
            fits = last == _S.FAILED
        case _S.GIVEN_UP | _S.WAITING_FOR_BUYER:
            fits = last in (None, _S.FAILED)
        case _:
            fits = last == recharge.state
    if not fits:
        facts.say("I2", recharge.id, f"{recharge.state}, and its last attempt is {last or 'not there'}")


def _order_knows(facts: "Facts", recharge: RechargeFacts, order: "OrderFacts") -> None:
    if (recharge.state in OPEN or recharge.state is _S.WAITING_FOR_BUYER) and (
        order.state is not OrderState.PAID or any(note.is_own for note in order.notes)
    ):
        facts.say("I2", recharge.id, f"{recharge.state}, and its order is {order.state} with {len(order.notes)} refunds")
    if (recharge.state is _S.WAITING_FOR_BUYER) != (order.asked_until is not None):
        facts.say("I2", recharge.id, f"{recharge.state}, and its order {'asks' if order.asked_until else 'does not ask'} its buyer")
    if recharge.state is _S.GIVEN_UP and order.state in (OrderState.PAID, OrderState.COMPLETED):
        facts.say("I2", recharge.id, f"GIVEN_UP, and its order is {order.state}")
    if recharge.state in _ARRIVED and order.delivery is not DeliveryState.DONE and f"case_recharge_{recharge.id}:late" not in facts.cases:
        facts.say("I2", recharge.id, f"{recharge.state}, and its order is {order.state} without a case")
    if recharge.state not in _ARRIVED and order.delivery is DeliveryState.DONE:
        facts.say("I2", recharge.id, f"{recharge.state}, and its order is delivered")


def _booked(facts: "Facts", recharge: RechargeFacts) -> None:
    """What the supplier took is owed to him, once; what he took back is not any more (I3)."""
    for step, is_due in (("cost", recharge.state in _ARRIVED), ("back", recharge.state is _S.REVERSED)):
        entry = facts.entries.get(f"rch:{recharge.id}:{step}")
        if (entry is not None) != is_due:
            facts.say("I3", recharge.id, f"{recharge.state} {'with' if entry else 'without'} an entry of its {step}")
        elif entry is not None:
            last = recharge.attempts[-1]
            owed = ((f"supplier:{last.supplier}:payable/{recharge.currency}", last.minor),)
            if (entry.credits if step == "cost" else entry.debits) != owed:
                facts.say("I3", recharge.id, f"{last.supplier} took {last.minor}, its {step} is booked otherwise")


def _looked_after(facts: "Facts", recharge: RechargeFacts) -> None:
    if recharge.is_with_a_person and f"case_recharge_{recharge.id}" not in facts.cases:
        facts.say("I2", recharge.id, "with a person, without a case")
    if recharge.state is _S.REVERSED and f"case_recharge_{recharge.id}:back" not in facts.cases:
        facts.say("I2", recharge.id, "REVERSED without a case")
    if recharge.state in ENDED and recharge.due is not None:
        facts.say("I14", recharge.id, f"{recharge.state} and still due")
    if recharge.state not in ENDED and recharge.due is None and not recharge.is_with_a_person:
        facts.say("I14", recharge.id, f"{recharge.state} and never due")


def _entries(facts: "Facts") -> None:
    known = {recharge.id for recharge in facts.recharges.values()}
    for name in facts.entries:
        if name.startswith("rch:") and name.split(":")[1] not in known:
            facts.say("I3", name, "an entry without the recharge that it books")


def overdue(facts: "Facts", latest: datetime) -> None:
    """No recharge is older than its limit without an end or a case (F07, I14)."""
    for recharge in facts.recharges.values():
        is_late = datetime.fromisoformat(recharge.correct_until or recharge.limit_at) + CALL_AFTER < latest
        if recharge.state not in ENDED and is_late and not recharge.is_with_a_person:
            facts.say("I14", recharge.id, f"{recharge.state} since {recharge.correct_until or recharge.limit_at}, and nobody was called")

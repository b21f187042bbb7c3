"""I2, I3, I8 and I14 over cards that the shop buys: one order out at a time, every charge in the books, nobody forgotten.

| purchase | its last attempt | entries |
|---|---|---|
| CREATED | none | |
| SUBMITTING, PROCESSING, UNKNOWN, FAILED | the same | |
| RECEIVED | RECEIVED | the import's, once it is over |
| SEALED | RECEIVED | the import's and the rest: together what he charged |
| GIVEN_UP | none, or FAILED | |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern
from typing import TYPE_CHECKING

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.purchases import PurchaseState, number_of
from faka.contexts.purchases.model import ENDED, OPEN
from faka.contexts.purchases.store import buying_key, purchase_key
from faka.kernel.ids import PurchaseId, SkuId
from faka.platform.table import Item, Key, TableName
from faka.steps.invariants.attempts import AttemptFacts, one_after_the_other, read_attempt
from faka.steps.invariants.books import Question


if TYPE_CHECKING:
    from faka.steps.invariants.facts import Facts


_S = PurchaseState


@dataclass(slots=True)
class PurchaseFacts:
    id: str
    sku: str
    state: PurchaseState
    attempts: tuple[AttemptFacts, ...]
    unit_max: int
    charged: int
    batch: str | None
    is_with_a_person: bool
    due: str | None

    @property
    def question(self) -> str:
        number = self.attempts[-1].number if self.attempts else self.id
        return f"{number}:import" if self.state is _S.RECEIVED else number


def read(facts: "Facts", row: Item) -> None:
    tried = row["attempts"]
    last = tried[-1] if tried else {}
    cost, most = last.get("cost"), last.get("cost_max")
    facts.purchases[row["id"]] = PurchaseFacts(
        id=row["id"],
        sku=intern(row["sku_id"]),
        state=PurchaseState(row["state"]),
        attempts=tuple(read_attempt(one, int(one["cost_max"]["minor"])) for one in tried),
        unit_max=int(row["unit_max"]["minor"]),
        charged=int(cost["minor"]) if cost else int(most["minor"]) * int(row["quantity"]) if most else 0,
        batch=row.get("batch"),
        is_with_a_person=row["is_with_a_person"],
        due=row.get("due_sk"),
    )


def running(facts: "Facts", row: Item) -> None:
    facts.buying[row["pk"].partition("#")[2]] = row["purchase"]


def keys_of(facts: "Facts", name: str) -> Iterator[Key]:
    """The rows that decide about a purchase."""
    yield purchase_key(PurchaseId(name))
    yield Key(TableName.JOURNAL, f"TXN#pur:{name}", "TXN")
    purchase = facts.purchases.get(name)
    if purchase is not None:
        yield buying_key(SkuId(purchase.sku))
        yield Key(TableName.JOURNAL, f"TXN#bat:{purchase.batch}", "TXN")
        yield Key(TableName.TRADE, f"CASE#{case_id(CaseKind.SUPPLIER, purchase.question)}", "CASE")


def check(facts: "Facts", _question: Question) -> None:
    for purchase in facts.purchases.values():
        _tried_in_turn(facts, purchase)
        _stands_as_its_attempt(facts, purchase)
        _booked(facts, purchase)
        _looked_after(facts, purchase)
    for name in facts.entries:
        sealed = facts.purchases.get(name[4:]) if name.startswith("pur:") else None
        if name.startswith("pur:") and (sealed is None or sealed.state is not _S.SEALED):
            facts.say("I3", name, "an entry without the purchase that it ends")
    for sku, named in facts.buying.items():
        if named not in facts.purchases:
            facts.say("I2", named, f"{sku} is bought by it, and it is not there")


def _tried_in_turn(facts: "Facts", purchase: PurchaseFacts) -> None:
    wanted = [number_of(PurchaseId(purchase.id), place) for place in range(len(purchase.attempts))]
    one_after_the_other(facts, purchase.id, purchase.attempts, wanted)
    for one in purchase.attempts:
        if one.minor > purchase.unit_max:
            facts.say("I8", purchase.id, f"{one.number} may cost {one.minor} a card, and {purchase.unit_max} is allowed")
    if purchase.state not in ENDED and facts.buying.get(purchase.sku) != purchase.id:
        facts.say("I2", purchase.id, f"{purchase.state} beside another purchase of its SKU")


def _stands_as_its_attempt(facts: "Facts", purchase: PurchaseFacts) -> None:
    last = purchase.attempts[-1].state if purchase.attempts else None
    match purchase.state:
        case _S.CREATED:
            fits = last is None
        case _S.RECEIVED | _S.SEALED:
            fits = last == _S.RECEIVED and purchase.batch is not None
        case _S.GIVEN_UP:
            fits = last in (None, _S.FAILED)
        case _:
            fits = last == purchase.state
    if not fits:
        facts.say("I2", purchase.id, f"{purchase.state}, and its last attempt is {last or 'not there'}")


def _booked(facts: "Facts", purchase: PurchaseFacts) -> None:
    """What he charged is owed to him, whatever became of the cards (I3)."""
    if purchase.state is not _S.SEALED or not purchase.attempts:
        return
    his = f"supplier:{purchase.attempts[-1].supplier}:"
    entries = (facts.entries.get(name) for name in (f"bat:{purchase.batch}", f"pur:{purchase.id}"))
    owed = 0
    for entry in filter(None, entries):
        owed += sum(minor for account, minor in entry.credits if account.startswith(his))
        owed -= sum(minor for account, minor in entry.debits if account.startswith(his))
    if owed != purchase.charged:
        facts.say("I3", purchase.id, f"he charged {purchase.charged}, and {owed} is booked")


def _looked_after(facts: "Facts", purchase: PurchaseFacts) -> None:
    is_out = purchase.state in OPEN or purchase.state is _S.RECEIVED
    if is_out and purchase.is_with_a_person and case_id(CaseKind.SUPPLIER, purchase.question) not in facts.cases:
        facts.say("I2", purchase.id, "with a person, without a case")
    if purchase.state in ENDED and purchase.due is not None:
        facts.say("I14", purchase.id, f"{purchase.state} and still due")
    if purchase.state not in ENDED and purchase.due is None and not purchase.is_with_a_person:
        facts.say("I14", purchase.id, f"{purchase.state} and never due")

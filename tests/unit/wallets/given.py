"""Gift values, wallets, and what the books say about them.

```python
[code] = issued(world, 5_000)
purse = redeemed(world, code)          # a new wallet with 50.00 in it: .number, .code
pays(world, order, purse)
assert balanced(world)                 # every wallet holds what its lines and the ledger say
```
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from faka.contexts.orders.model import Order
from faka.flows.issue_values import Issue, issue_values, new_batch
from faka.flows.pay_with_balance import pay_with_balance
from faka.flows.redeem_value import Redemption, redeem_value
from faka.flows.wallet import WalletPage, open_wallet
from faka.kernel.ids import lookup_code, ulid
from faka.kernel.money import Currency, Money
from faka.wiring import Deps
from tests.kit.engine import Engine
from tests.kit.world import World
from tests.simulation.services import Keys


ADDRESS = "198.51.100.4"


@dataclass(frozen=True)
class Purse:
    """What the holder of a wallet has on his slip of paper."""

    number: str
    code: str


@contextmanager
def quick_world(**given: Any) -> Iterator[World]:
    """A shop on the in-process engine with a model of the key service: a tenth of the time that moto's takes to come up."""
    yield World(Engine(), kms=Keys(random.Random("keys").randbytes), **given)


def issue(world: World, minor: int = 5_000, currency: Currency = Currency.CNY, **changes: Any) -> Issue:
    now = world.clock.now()
    given = {"batch": new_batch(now, world.chance), "expires_at": now + timedelta(days=365), "by": "ann", "reason": "spring"}
    return Issue.model_validate({**given, "amount": Money(minor=minor, currency=currency), **changes})


def codes(world: World, count: int) -> list[str]:
    return [lookup_code(world.chance) for _ in range(count)]


def issued(world: World, minor: int = 5_000, count: int = 1, **changes: Any) -> list[str]:
    made = codes(world, count)
    issue_values(world.deps, issue(world, minor, **changes), made)
    return made


def redemption(world: World, code: str, **changes: Any) -> Redemption:
    given = {"code": code, "form_id": ulid(world.clock.now(), world.chance), "new_code": lookup_code(world.chance), "address": ADDRESS}
    return Redemption.model_validate({**given, **changes})


def redeemed(world: World, code: str, deps: Deps | None = None) -> Purse:
    asked = redemption(world, code)
    return Purse(redeem_value(deps or world.deps, asked).wallet.id, asked.new_code)


def purse(world: World, minor: int = 5_000) -> Purse:
    [code] = issued(world, minor)
    return redeemed(world, code)


def page(world: World, held: Purse) -> WalletPage:
    return open_wallet(world.deps, held.number, held.code, ADDRESS)


def balance(world: World, held: Purse) -> int:
    return page(world, held).wallet.balance_minor


def pays(world: World, order: Order, held: Purse, deps: Deps | None = None) -> Order:
    return pay_with_balance(deps or world.deps, order.id, world.proof(order), held.number, held.code, ADDRESS)


def accounts(world: World) -> Counter[str]:
    """Credits less debits of each account; what is zero is left out."""
    sums: Counter[str] = Counter()
    for row in world.rows("test-journal"):
        for line in row.get("lines", ()):
            sums[line["account"]] += line["amount_minor"] if line["side"] == "C" else -line["amount_minor"]
    return Counter({name: minor for name, minor in sums.items() if minor})


def faults(world: World) -> list[str]:
    """Wallets whose number is not what their lines and the ledger say, or is below zero."""
    rows, books, wrong = world.rows("test-trade"), accounts(world), []
    lines: Counter[str] = Counter()
    for row in rows:
        if row["pk"].startswith("WALLET#") and row["sk"].startswith("E#"):
            lines[row["pk"][7:]] += row["amount_minor"]
    wallets = {row["id"]: row for row in rows if row["sk"] == "WALLET"}
    for name, row in wallets.items():
        told = (row["balance_minor"], lines.pop(name, 0), books.pop(f"wallet:{name}/{row['currency']}", 0))
        if len(set(told)) > 1 or told[0] < 0:
            wrong.append(f"{name}: holds {told[0]}, its lines say {told[1]}, the ledger {told[2]}")
    wrong += [f"{name}: lines without a wallet" for name in lines]
    wrong += [f"{name}: in the ledger only" for name in books if name.startswith("wallet:")]
    return wrong + _values_faults(rows, books)


def _values_faults(rows: list[dict[str, Any]], books: Counter[str]) -> list[str]:
    """What is issued and open is what the ledger owes its holders."""
    owed: Counter[str] = Counter()
    for row in rows:
        if row["sk"] == "VALUE" and row["state"] == "ISSUED":
            owed[f"stored:outstanding/{row['amount']['currency']}"] += row["amount"]["minor"]
    names = {*owed, *(name for name in books if name.startswith("stored:"))}
    return [f"{name}: open values are {owed[name]}, the ledger says {books[name]}" for name in names if owed[name] != books[name]]

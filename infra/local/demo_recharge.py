"""Buy a top-up whose first supplier charges it and answers nothing: `python -m infra.local.demo_recharge`.

Product page → account → cashier → pay → the machine orders, is not answered, asks → arrived. Ends with 0 only if one supplier charged
once, the order says so, and the ledger owes him just that. `--way refused`: he takes it and fails, and the next one does it; `--way
nobody`: both fail, and the money goes back.
"""

import argparse
import json
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import deploy
from infra.local.demo_buy import NoSale, Say, cashier_of, choices, product_page
from infra.local.demo_reconcile import control, entered, facts_of
from infra.local.headless import Page, Visitor
from infra.local.home import ROOT


PRODUCT, SKU, MOBILE = "suda-recharge", "suda-30", "13800138000"
FIRST, SECOND = "md5_form", "two_step"
"""The suppliers of that SKU, the cheaper one first."""

CHARGES = {FIRST: "create", SECOND: "confirm"}
"""The call after which each of them has charged."""

MACHINE = "DirectRecharge"
WAIT_S_MAX = 120
POLL_S = 0.2
HOLD_S = 1.0
"""How long the silent supplier holds the line."""

WAYS = ("refused", "lost", "nobody")


@dataclass(frozen=True)
class ToppedUp:
    """How a top-up went."""

    order: str
    stage: str
    """`done`, or `failed` where the money goes back."""
    status: str
    """Of the execution."""
    states: tuple[tuple[str, float], ...]
    charges: dict[str, int]
    """Number → how often it was charged, over all suppliers; what was given back is left out."""
    charged_minor: int
    """What suppliers say that those charges took."""
    owed_minor: int
    """What the ledger owes suppliers for this order."""
    took_s: float


class NotArrived(Exception):
    """It ended otherwise than it should; the message says how."""


def recharge(shop: str, players: str, endpoint: str, way: str = "lost", say: Say = print, visitor: Visitor | None = None) -> ToppedUp:
    """Raises: NoSale, NotArrived."""
    visitor = visitor or Visitor()
    _prepare(players, way)
    try:
        number, address, began = _order(shop, visitor, say)
        page = _ended(visitor, address, say, began)
        states = _machine(endpoint, number, say)
    finally:
        for kind in (FIRST, SECOND):
            control(players, supplier=kind, way="done", cut="")
    charges = _charges(players, number)
    return ToppedUp(
        order=number,
        stage=page.stage.get("data-state", "").split(".")[0],
        status=states[0],
        states=states[1],
        charges={name: times for name, (times, _) in charges.items()},
        charged_minor=sum(times * cost_minor for times, cost_minor in charges.values()),
        owed_minor=_owed(endpoint, number),
        took_s=time.monotonic() - began,
    )


def _prepare(players: str, way: str) -> None:
    """Whoever is asked first loses the line: one who has done badly lately is passed over, so it may be either."""
    if way == "lost":
        for kind, call in CHARGES.items():
            control(players, supplier=kind, cut=call, hold_s=HOLD_S)
    for kind in {"lost": (), "refused": (FIRST,), "nobody": (FIRST, SECOND)}[way]:
        control(players, supplier=kind, way="refuse")


def _order(shop: str, visitor: Visitor, say: Say) -> tuple[str, str, float]:
    page, form = product_page(visitor, shop, PRODUCT)
    page = visitor.submit(page, form, **{**choices(form), "sku": SKU, "account_mobile": MOBILE})
    if not page.stage:
        raise NoSale(f"the order was not taken: {page.status} {page.headline}")
    number, address = page.stage.get("data-order", ""), page.url
    say(f"  order      {number}: {page.headline}")
    cashier = cashier_of(visitor, page)
    visitor.submit(cashier, cashier.forms[0], act="pay")
    say("  paid       the provider has the money")
    return number, address, time.monotonic()


def _ended(visitor: Visitor, address: str, say: Say, began: float) -> Page:
    last = ""
    while time.monotonic() - began < WAIT_S_MAX:
        page = visitor.get(address)
        if page.headline != last:
            last = page.headline
            say(f"  {time.monotonic() - began:6.2f} s   {last}")
        if page.stage.get("data-state", "").startswith(("completed", "failed")):
            return page
        time.sleep(POLL_S)
    raise NotArrived(f"still {last!r} after {WAIT_S_MAX} s")


def _machine(endpoint: str, number: str, say: Say) -> tuple[str, tuple[tuple[str, float], ...]]:
    """The execution's end and its states with their times; it hears of the end by its next question."""
    states, arn = deploy.client("stepfunctions", endpoint), deploy.resources(endpoint)[MACHINE]
    execution = f"{arn.replace(':stateMachine:', ':execution:')}:rch_{number[4:]}"
    until = time.monotonic() + WAIT_S_MAX
    while (told := states.describe_execution(executionArn=execution))["status"] == "RUNNING" and time.monotonic() < until:
        time.sleep(POLL_S)
    passed = tuple(entered(states, execution))
    for state, at_s in passed:
        say(f"  {at_s:6.2f} s   {state}")
    return told["status"], passed


def _charges(players: str, number: str) -> dict[str, tuple[int, int]]:
    """Number → how often it was charged and what each time takes, as its supplier says."""
    with urllib.request.urlopen(f"{players}/_supplies", timeout=30) as answer:
        suppliers: dict[str, dict[str, dict[str, Any]]] = json.load(answer)
    ours = [(name, one) for orders in suppliers.values() for name, one in orders.items() if name.startswith(f"rch{number[4:]}")]
    return {name: (one["charges"], one["cost_minor"]) for name, one in ours if one["state"] == "SUCCEEDED" or one["charges"] > 1}


def _owed(endpoint: str, number: str) -> int:
    """Credits less debits of suppliers' accounts in the entries of this order's recharge."""
    table = deploy.resources(endpoint)["JournalTable"]
    client, owed = deploy.client("dynamodb", endpoint), 0
    for step in ("cost", "back"):
        key = {"pk": {"S": f"TXN#rch:rch_{number[4:]}:{step}"}, "sk": {"S": "TXN"}}
        row = client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {"lines": {"L": []}})
        for line in (one["M"] for one in row["lines"]["L"]):
            if line["account"]["S"].startswith("supplier:"):
                owed += int(line["amount_minor"]["N"]) * (1 if line["side"]["S"] == "C" else -1)
    return owed


def judged(done: ToppedUp, way: str) -> str:
    """What is wrong with it; empty where nothing is."""
    wanted = {"lost": ("completed", 1), "refused": ("completed", 1), "nobody": ("failed", 0)}[way]
    charged = sum(done.charges.values())
    if (done.stage, charged) != wanted or done.status != "SUCCEEDED":
        return f"the order is {done.stage}, the machine {done.status}, and it was charged {charged} times"
    fits = done.owed_minor == done.charged_minor
    return "" if fits else f"suppliers took {done.charged_minor}, and the ledger owes {done.owed_minor}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo_recharge", description="Buy a top-up in the running shop.")
    parser.add_argument("--state", type=Path, default=ROOT / ".local", help="folder of the running shop's state")
    parser.add_argument("--way", choices=WAYS, default="lost", help="what the suppliers do")
    given = parser.parse_args()
    facts = facts_of(given.state)
    shop, players = (f"http://127.0.0.1:{facts['port'] + more}" for more in (0, 1))
    try:
        done = recharge(shop, players, f"http://127.0.0.1:{facts['cloud_port']}", given.way)
    except (NoSale, NotArrived) as reason:
        print(f"Not topped up: {reason}")
        return 1
    except OSError as error:
        print(f"Not topped up: the shop does not answer on port {facts['port']} ({error}). Is `make run` running?")
        return 1
    wrong = judged(done, given.way)
    print(f"Order {done.order} is {done.stage}: charged {sum(done.charges.values())} times, {done.owed_minor} owed, {done.took_s:.1f} s.")
    if wrong:
        print(f"Wrong: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

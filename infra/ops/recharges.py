"""Look after top-ups whose supplier does not say how they ended.

    python -m infra.ops.recharges list                          those that are open, and those that wait for a person
    python -m infra.ops.recharges show RECHARGE|ORDER           its attempts, its history, what its buyer corrected; accounts are masked
    python -m infra.ops.recharges pack RECHARGE|ORDER           what can be shown in a dispute, as JSON: asked, answered, when, hashes
    python -m infra.ops.recharges ask RECHARGE                  ask the supplier now
    python -m infra.ops.recharges tell RECHARGE succeeded --reason TEXT   you saw at the supplier how its last attempt ended:
    python -m infra.ops.recharges tell RECHARGE failed --reason TEXT      it was charged, or nothing was

    python -m infra.ops.recharges carrier RECHARGE NAME --reason TEXT     you looked up who serves the account; it goes on by itself
    python -m infra.ops.recharges send-back RECHARGE --reason TEXT        nothing can arrive there: its buyer is asked for another account
    python -m infra.ops.recharges weighed RECHARGE --reason TEXT          a supplier contradicted himself, and you know now what is true
    python -m infra.ops.recharges suppliers                     how each does: arrivals, waiting, breaker and why, share, balance

What you tell counts like the supplier's own word: a success ends the order, a failure lets the next supplier or the refund follow.
While a buyer is asked the clock stands still; where he names no other account within a day, his money goes back. Write no account into a
reason: it stays in the history. What people send by hand is sent back by `infra.ops.hand`.
`--by` names who decides; without it, who is logged in here.
"""

import argparse
import json
import sys
from itertools import pairwise
from typing import Any

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.recharges import Heard, Recharge, RechargeMissing, Word, recharge_id
from faka.contexts.recharges.evidence import evidence
from faka.kernel.clock import to_row
from faka.kernel.ids import OrderId, RechargeId, is_order_id
from faka.kernel.mask import mask_account, mask_change
from faka.platform.due import DUE_PAGE, DUE_SHARDS, due_before
from faka.steps import send_back
from faka.steps.recharge import ask, hear
from faka.wiring import Deps
from infra.ops.command import Words, parser_of, perform
from infra.ops.refunds import FAR


CASE = f"CASE#case_{CaseKind.RECHARGE.lower()}_"
REASON_MAX = 100
WORDS = {"succeeded": Word.SUCCEEDED, "failed": Word.FAILED}


def list_open(deps: Deps, _: argparse.Namespace) -> None:
    """Bound: `DUE_PAGE` rows of each shard of the due index; the oldest come first."""
    due = [pk for pk, _ in due_before(deps.tables, deps.clock.now() + FAR)]
    names = [pk.removeprefix("RECHARGE#") for pk in due if pk.startswith("RECHARGE#")]
    names += [pk.removeprefix(CASE).partition(":")[0] for pk in due if pk.startswith(CASE)]
    found = [one for name in dict.fromkeys(names) if (one := deps.recharges.find(RechargeId(name))) is not None]
    print("\n".join(map(line, found)) or "no recharge is open, and none waits for a person")
    if len(due) >= DUE_PAGE * DUE_SHARDS:
        print("there may be more: the shop has more to do than one look takes in")


def pack(deps: Deps, given: argparse.Namespace) -> None:
    recharge = named(deps, given.what)
    order, entry = deps.orders.get(recharge.order_id), deps.ledger.find(f"rch:{recharge.id}:cost")
    sale = {
        "number": order.id,
        "product": f"{order.product_id} version {order.product_version}",
        "sku": order.sku_id,
        "total": order.total.model_dump(mode="json"),
        "paid_at": to_row(order.paid_at) if order.paid_at else None,
        "state": order.state,
        "ledger": entry.id if entry else None,
    }
    print(json.dumps(evidence(recharge, sale), sort_keys=True, ensure_ascii=False, indent=2))


def show(deps: Deps, given: argparse.Namespace) -> None:
    recharge = named(deps, given.what)
    print(line(recharge))
    print("  " + ", ".join(f"{name} {mask_account(value)}" for name, value in recharge.account.items()))
    order = deps.orders.get(recharge.order_id)
    for before, after in pairwise((*order.former, order.account)):
        print(f"  corrected: {mask_change(before, after)}")
    for one in recharge.attempts:
        print(f"  {one.number}  {one.supplier_id:<12} {one.state:<10} {one.status} {one.reason} {one.supplier_no}".rstrip())
    for entry in recharge.log:
        print(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.state:<10} {entry.actor}: {entry.status}")


def ask_now(deps: Deps, given: argparse.Namespace) -> None:
    print(line(ask(deps, named(deps, given.what))))


def tell(deps: Deps, given: argparse.Namespace) -> None:
    recharge = named(deps, given.what)
    heard = Heard(recharge.last.number, WORDS[given.word], given.by, status=given.reason.strip()[:REASON_MAX], is_answer=False)
    print(line(hear(deps, recharge.id, heard)))


def carrier(deps: Deps, given: argparse.Namespace) -> None:
    recharge = named(deps, given.what)
    now = deps.clock.now()
    changes = {
        "carrier": given.name[:80],
        "is_with_a_person": False,
        "due_at": recharge.correct_until or now,
        "version": recharge.version + 1,
    }
    told = recharge.model_copy(update=changes)
    closed = [deps.cases.closed(case_id(CaseKind.RECHARGE, recharge.id), f"{given.by}: {given.reason.strip()}")]
    deps.tables.commit([deps.recharges.replaced(recharge, told), *(closed if recharge.is_with_a_person else [])])
    print(line(told))


def to_buyer(deps: Deps, given: argparse.Namespace) -> None:
    why = f"sent back: {given.reason.strip()[:REASON_MAX]}"
    print(line(send_back.send_back(deps, named(deps, given.what), given.by, why)))


def weighed(deps: Deps, given: argparse.Namespace) -> None:
    """Close what stands open of contradictions: a number that failed and arrived, something taken back, an order that had ended."""
    recharge = named(deps, given.what)
    causes = [f"{recharge.id}:{what}" for what in ("back", "late", *(one.number for one in recharge.attempts))]
    found = [one for cause in causes if (one := deps.cases.find(case_id(CaseKind.RECHARGE, cause))) is not None and one.state == "OPEN"]
    for case in found:
        deps.tables.apply(deps.cases.closed(case.id, f"{given.by}: {given.reason.strip()}"))
        print(f"closed: {case.reason}")
    print(line(recharge))


def suppliers(deps: Deps, _: argparse.Namespace) -> None:
    now = deps.clock.now()
    found = [(row, deps.standings.find(row.id, now)) for row in deps.suppliers.rows()]
    ends = sum(standing.window.total for _, standing in found)
    for row, standing in found:
        window, breaker = standing.window, standing.breaker
        verdict = breaker.verdict(now) if row.is_open(now) else "NOT ADMITTED" if row.enabled else "CLOSED BY HAND"
        why = f" ({breaker.reason})" if breaker.reason else ""
        balance = f", balance {standing.balance.decimal()} {standing.balance.currency}" if standing.balance else ""
        arrived = f"{window.good} of {window.total} arrived, {window.mean_wait_s} s each"
        share = f"{window.total * 100 // ends} % of all" if ends else "none"
        print(f"{row.id:<16} {verdict}{why}: {arrived}, counts as {window.rate_bp // 100} %, {share}{balance}")


def named(deps: Deps, what: str) -> Recharge:
    return deps.recharges.get(recharge_id(OrderId(what)) if is_order_id(what) else RechargeId(what))


def line(one: Recharge) -> str:
    at = f"at {one.last.supplier_id}" if one.attempts else "nowhere yet"
    person = ", with a person" if one.is_with_a_person else ""
    person += f", its buyer is asked until {one.correct_until:%Y-%m-%d %H:%M} UTC" if one.correct_until else ""
    return f"{one.id}  {one.state:<10} attempt {len(one.attempts)} {at}, since {one.created_at:%Y-%m-%d %H:%M} UTC{person}"


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("recharges", __doc__, "who decides")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    acts = {"list": list_open, "show": show, "pack": pack, "ask": ask_now, "tell": tell, "carrier": carrier, "suppliers": suppliers}
    acts |= {"send-back": to_buyer, "weighed": weighed}
    for name, act in acts.items():
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        if name not in ("list", "suppliers"):
            verb.add_argument("what")
        if name == "carrier":
            verb.add_argument("name")
            verb.add_argument("--reason", required=True)
        if name in ("send-back", "weighed"):
            verb.add_argument("--reason", required=True)
        if name == "tell":
            verb.add_argument("word", choices=sorted(WORDS))
            verb.add_argument("--reason", required=True)
    return parser


TOLD: Words = {RechargeMissing: lambda error: f"{error.code()}: no recharge {error}; `list` names those that are open"}


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, TOLD)


if __name__ == "__main__":
    sys.exit(main())

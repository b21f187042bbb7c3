"""Buy cards from suppliers for the shop's stock.

    python -m infra.ops.restock buy PRODUCT SKU COUNT --unit-max 48.00     begin a purchase; at most so much for one card
    python -m infra.ops.restock go-on PURCHASE                             begin its machine again, from where it stands
    python -m infra.ops.restock step PURCHASE                              one step by hand, and what comes next
    python -m infra.ops.restock show PURCHASE                              its attempts and its history

A purchase is asked first, ordered once, and sealed through the import like any card file. Each step may be done again, and one purchase of
a SKU runs at a time. `--by` names who buys; without it, who is logged in here.
"""

import argparse
import sys
from typing import Any

from faka.contexts.purchases import PurchaseMissing, PurchaseRuns
from faka.flows.buy_cards import begin_purchase, set_going
from faka.flows.restock import go_on
from faka.kernel.ids import ProductId, PurchaseId, SkuId
from faka.kernel.money import parse_decimal
from faka.wiring import Deps
from infra.ops.command import Words, parser_of, perform


def buy(deps: Deps, given: argparse.Namespace) -> None:
    product = deps.catalog.product(given.product, fresh=True)
    unit_max = parse_decimal(given.unit_max, product.currency)
    purchase = begin_purchase(deps, ProductId(given.product), SkuId(given.sku), given.count, unit_max, given.by)
    print(f"{purchase.id}: {purchase.quantity} cards of {purchase.sku_id}")
    again(deps, argparse.Namespace(purchase=purchase.id))


def again(deps: Deps, given: argparse.Namespace) -> None:
    name = deps.purchases.get(PurchaseId(given.purchase)).id
    print(f"{name}: its machine " + ("has begun" if set_going(deps, name) else "was begun within this minute"))


def step(deps: Deps, given: argparse.Namespace) -> None:
    stands = go_on(deps, PurchaseId(given.purchase))
    print(f"{given.purchase}: {stands.state}, next: {stands.next}" + (f" in {stands.wait_s} s" if stands.next in ("ask", "count") else ""))


def show(deps: Deps, given: argparse.Namespace) -> None:
    one = deps.purchases.get(PurchaseId(given.purchase))
    print(f"{one.id}  {one.state:<10} {one.new} of {one.quantity} cards of {one.sku_id} are stock, by {one.by}")
    for attempt in one.attempts:
        print(f"  {attempt.number}  {attempt.supplier_id:<12} {attempt.state:<10} {attempt.status} {attempt.supplier_no}".rstrip())
    for entry in one.log:
        print(f"  {entry.at:%Y-%m-%d %H:%M:%S}  {entry.state:<10} {entry.status}")


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("restock", __doc__, "who buys")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    begin = verbs.add_parser("buy")
    begin.set_defaults(act=buy)
    for name in ("product", "sku"):
        begin.add_argument(name)
    begin.add_argument("count", type=int)
    begin.add_argument("--unit-max", required=True)
    for name, act in (("go-on", again), ("step", step), ("show", show)):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument("purchase")
    return parser


TOLD: Words = {
    PurchaseRuns: lambda error: f"{error.code()}: {error}: `show` it first; one purchase of a SKU at a time",
    PurchaseMissing: lambda error: f"{error.code()}: no purchase {error}",
}


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, TOLD)


if __name__ == "__main__":
    sys.exit(main())

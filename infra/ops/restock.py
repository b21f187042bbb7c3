"""Buy cards from suppliers for the shop's stock.

    python -m infra.ops.restock buy PRODUCT SKU COUNT --unit-max 48.00     begin a purchase; at most so much for one card
    python -m infra.ops.restock go-on PURCHASE                             begin its machine again, from where it stands
    python -m infra.ops.restock step PURCHASE                              one step by hand, and what comes next
    python -m infra.ops.restock show PURCHASE                              its attempts and its history

    python -m infra.ops.restock rules                                      how each SKU is kept supplied, and how much is left
    python -m infra.ops.restock keep PRODUCT SKU --low 5                   tell people at five cards or fewer, once a day
    python -m infra.ops.restock keep PRODUCT SKU --low 5 --upto 40 --unit-max 48.00 --day-max 200    … and buy by itself
    python -m infra.ops.restock keep PRODUCT SKU --margin-bp 300           rest where suppliers leave less than 3 % of the price
    python -m infra.ops.restock forget SKU                                 no rule any more

A purchase is asked first, ordered once, and sealed through the import like any card file. Each step may be done again, and one purchase of
a SKU runs at a time. `--by` names who buys; without it, who is logged in here.
"""

import argparse
import sys
from typing import Any

from pydantic import ValidationError

from faka.contexts.catalog.policy import explain
from faka.contexts.purchases import PurchaseMissing, PurchaseRuns
from faka.contexts.suppliers.rules import SupplyRule
from faka.flows.restock import go_on
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import ProductId, PurchaseId, SkuId
from faka.kernel.money import parse_decimal
from faka.steps.purchase import begin_purchase, set_going
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


def rules(deps: Deps, _: argparse.Namespace) -> None:
    found = deps.supply_rules.every()
    shards = {sku.id: sku.shards for row in deps.catalog.shelf(fresh=True) for sku in row.skus}
    left = deps.stock.available({rule.sku: shards[rule.sku] for rule in found if rule.sku in shards})
    print("\n".join(rule_line(rule, left.get(rule.sku)) for rule in found) or "no rule yet; `keep` makes one")


def rule_line(rule: SupplyRule, left: int | None) -> str:
    buys = (
        f"bought up to {rule.upto}, {rule.day_max} a day, at most {rule.unit_max.decimal()}"
        if rule.unit_max and rule.upto
        else "people buy"
    )
    stands = "not in the listing" if left is None else f"{left} left"
    return f"{rule.sku:<20} {stands:<10} low at {rule.low}, {buys}, margin {rule.margin_min_bp} bp"


def keep(deps: Deps, given: argparse.Namespace) -> None:
    """Raises: InvalidRequest, ProductNotFound, UnknownSku."""
    product = deps.catalog.product(given.product, fresh=True)
    product.sku(given.sku)
    unit_max = parse_decimal(given.unit_max, product.currency) if given.unit_max else None
    told = {
        "low": given.low,
        "upto": given.upto,
        "day_max": given.day_max,
        "window_s": given.window_h * 3_600,
        "margin_min_bp": given.margin_bp,
    }
    try:
        rule = SupplyRule.model_validate({"sku": given.sku, "product": given.product, "unit_max": unit_max, **told})
    except ValidationError as error:
        raise InvalidRequest(explain(error)) from error
    deps.tables.apply(deps.supply_rules.saved(rule))
    print(rule_line(rule, None).replace("not in the listing", "from now on"))


def forget(deps: Deps, given: argparse.Namespace) -> None:
    deps.tables.apply(deps.supply_rules.forgotten(SkuId(given.sku)))
    print(f"{given.sku}: no rule")


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("restock", __doc__, "who buys")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    begin = verbs.add_parser("buy")
    begin.set_defaults(act=buy)
    for name in ("product", "sku"):
        begin.add_argument(name)
    begin.add_argument("count", type=int)
    begin.add_argument("--unit-max", required=True)
    kept = verbs.add_parser("keep")
    kept.set_defaults(act=keep)
    for name in ("product", "sku"):
        kept.add_argument(name)
    for name, usual in (("--low", 0), ("--upto", 0), ("--day-max", 0), ("--margin-bp", 0), ("--window-h", 24)):
        kept.add_argument(name, type=int, default=usual)
    kept.add_argument("--unit-max", default="")
    verbs.add_parser("rules").set_defaults(act=rules)
    gone = verbs.add_parser("forget")
    gone.set_defaults(act=forget)
    gone.add_argument("sku")
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

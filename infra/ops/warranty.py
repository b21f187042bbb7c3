"""Cards that do not work, one by one; a whole bad batch is `infra.ops.batches`.

    python -m infra.ops.warranty show ORDER                          its cards by their places in stock, what was replaced by which
    python -m infra.ops.warranty replace ORDER NUMBER --reason TEXT  another card under warranty, or a case where a person decides
    python -m infra.ops.warranty answer ORDER NUMBER --reason TEXT   what the person decided: refunded (`infra.ops.refunds`), or it works

NUMBER is the place in stock that `show` tells beside the card's place on the buyer's page; a card's text is never asked for: do not
write it into TEXT. `replace` may be run again at any time: a card is replaced once. `--by` names who decides.
"""

import argparse
import sys
from typing import Any

from faka.flows.replace_card import answer_warranty, replace_card, warranty_case
from faka.kernel.clock import to_row
from faka.kernel.ids import OrderId
from faka.wiring import Deps
from infra.ops.command import parser_of, perform


def show(deps: Deps, given: argparse.Namespace) -> None:
    order = deps.orders.get(OrderId(given.order))
    print(f"{order.id} {order.state} {order.delivery}, {order.quantity} cards of {order.sku_id}, {order.paid_back} paid back")
    numbers = [(number, run.batch) for run in order.runs for number in run.numbers]
    for place, (number, batch) in enumerate(numbers, 1):
        case = warranty_case(deps, order.id, number)
        asked = f"  {case.state}: {case.reason} {case.outcome}".rstrip() if case else ""
        print(f"  card {place}: number {number} of batch {batch}{asked}")
    for one in order.exchanges:
        print(f"  number {one.old} was replaced by {one.new}, {to_row(one.at)} by {one.by}: {one.reason}")


def replace(deps: Deps, given: argparse.Namespace) -> None:
    done = replace_card(deps, OrderId(given.order), given.number, given.by, given.reason)
    if done.exchange is not None:
        print(f"{done.order}: number {done.exchange.old} was replaced by {done.exchange.new}; its buyer sees it on his page")
    else:
        print(f"{done.order}: not replaced: {done.why}; {done.case} asks a person")


def answer(deps: Deps, given: argparse.Namespace) -> None:
    answer_warranty(deps, OrderId(given.order), given.number, given.by, given.reason)
    print(f"{given.order}: answered")


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("warranty", __doc__, "who decides")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act in {"show": show, "replace": replace, "answer": answer}.items():
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument("order")
        if name != "show":
            verb.add_argument("number", type=int)
            verb.add_argument("--reason", required=True)
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())

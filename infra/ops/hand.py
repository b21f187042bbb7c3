"""Send what only people can send: the work list of orders by hand.

    python -m infra.ops.hand list                              orders that wait, the nearest deadline first
    python -m infra.ops.hand take ORDER                        it is yours for half an hour; shows where it goes
    python -m infra.ops.hand done ORDER --reason TEXT          you sent it: the buyer is told
    python -m infra.ops.hand failed ORDER --reason TEXT        it cannot be sent: the money goes back
    python -m infra.ops.hand send-back ORDER --reason TEXT     its account is wrong: the buyer is asked for another

After its deadline an order's money goes back by itself. `--by` names who works; without it, who is logged in here. Write no account and
no code into a reason: it stays in the order's history.
"""

import argparse
import sys
from itertools import pairwise
from typing import Any

from faka.contexts.orders.errors import OrderNotFound
from faka.contexts.orders.model import Order, OrderState
from faka.flows.hand_work import TakenByAnother, done, failed, sent_back, take
from faka.kernel.ids import OrderId
from faka.kernel.mask import mask_change
from faka.platform.due import DUE_PAGE, DUE_SHARDS, due_before
from faka.wiring import Deps
from infra.ops.command import Words, parser_of, perform
from infra.ops.refunds import FAR


def list_waiting(deps: Deps, _: argparse.Namespace) -> None:
    """Bound: `DUE_PAGE` rows of each shard of the due index."""
    due = [pk for pk, _ in due_before(deps.tables, deps.clock.now() + FAR)]
    names = [OrderId(pk.removeprefix("ORDER#")) for pk in due if pk.startswith("ORDER#")]
    found = [order for order in deps.orders.get_many(names).values() if order.state is OrderState.SHORT and not order.kind.is_sealed]
    print("\n".join(map(line, sorted(found, key=lambda one: one.short_until or one.created_at))) or "nothing waits for a hand")
    if len(due) >= DUE_PAGE * DUE_SHARDS:
        print("there may be more: the shop has more to do than one look takes in")


def take_one(deps: Deps, given: argparse.Namespace) -> None:
    order = take(deps, OrderId(given.what), given.by)
    print(line(order))
    print("\n".join(f"  {name}: {value}" for name, value in order.account.items()))
    print("".join(f"  corrected: {mask_change(*both)}\n" for both in pairwise((*order.former, order.account))), end="")


def end(deps: Deps, given: argparse.Namespace) -> None:
    act = {"done": done, "failed": failed, "send-back": sent_back}[given.verb]
    print(line(act(deps, OrderId(given.what), given.by, given.reason)))


def line(order: Order) -> str:
    until = f"until {order.short_until:%Y-%m-%d %H:%M}" if order.short_until else ""
    at = f", {order.hand_by} is at it" if order.hand_by and order.hand_until else ""
    at = f", its buyer is asked until {order.question.until:%Y-%m-%d %H:%M}" if order.question else at
    return f"{order.id}  {order.state:<10} {order.sku_id:<16} {order.total.decimal():>9} {order.total.currency} {until}{at}"


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("hand", __doc__, "who works")
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    for name, act in {"list": list_waiting, "take": take_one, "done": end, "failed": end, "send-back": end}.items():
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        if name != "list":
            verb.add_argument("what")
        if act is end:
            verb.add_argument("--reason", required=True)
    return parser


TOLD: Words = {
    TakenByAnother: lambda error: f"{error.code()}: {error} has it; `take` it first",
    OrderNotFound: lambda error: f"{error.code()}: no order {error}",
}


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, TOLD)


if __name__ == "__main__":
    sys.exit(main())

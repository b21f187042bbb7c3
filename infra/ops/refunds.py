"""Give money back, and look after refunds.

    python -m infra.ops.refunds list                                     on their way, and those that wait for a person
    python -m infra.ops.refunds show REFUND|ORDER                        one refund, or all of an order
    python -m infra.ops.refunds order ORDER --reason TEXT [--amount 5.00]   all that is left of an order's money, or a part
    python -m infra.ops.refunds receipt CHANNEL:NUMBER --reason TEXT     money that bought nothing: another amount, an unknown number
    python -m infra.ops.refunds again REFUND --reason TEXT [--sure]      a way that was closed, once more under a new number
    python -m infra.ops.refunds done REFUND --reason TEXT                you saw at the provider, or sent it by hand: it is done

Goods that nobody has seen become stock again when the whole goes back; goods that were seen are shown to nobody any more.
Where a provider said *failed* and later *done*, `show` tells it: look at the provider's own pages, then `done`, or `again --sure`.
`--by` names who decides; without it, who is logged in here.
"""

import argparse
import sys
from datetime import timedelta
from typing import Any

from faka.contexts.orders.model import Order
from faka.contexts.payments.refunds import Refund, RefundMissing
from faka.flows.refund_order import refund_again, refund_by_hand, refund_order, refund_receipt
from faka.kernel.ids import OrderId, RefundId, is_order_id
from faka.kernel.money import Money, parse_decimal
from faka.platform.due import DUE_PAGE, DUE_SHARDS, due_before
from faka.wiring import Deps
from infra.ops.command import Words, parser_of, perform


FAR = timedelta(days=3650)
"""Beyond every due date: what is asked for is all that is due some time."""

CASE = "CASE#case_refund_"


def list_open(deps: Deps, _: argparse.Namespace) -> None:
    """Bound: `DUE_PAGE` rows of each shard of the due index; what a person must do is among the oldest."""
    due = [pk for pk, _ in due_before(deps.tables, deps.clock.now() + FAR)]
    names = [pk.removeprefix("REFUND#") for pk in due if pk.startswith("REFUND#")]
    names += [pk.removeprefix(CASE) for pk in due if pk.startswith(CASE)]
    refunds = [refund for name in dict.fromkeys(names) if (refund := deps.refunds.find(RefundId(name))) is not None]
    print("\n".join(map(line, refunds)) or "no refund is on its way, and none waits for a person")
    if len(due) >= DUE_PAGE * DUE_SHARDS:
        print("there may be more: the shop has more to do than one look takes in")


def show(deps: Deps, given: argparse.Namespace) -> None:
    if not is_order_id(given.what):
        print(line(deps.refunds.get(RefundId(given.what))))
        return
    order = deps.orders.get(OrderId(given.what))
    print(of_order(order))
    for note in order.refunds:
        print(f"  {line(deps.refunds.get(note.id))}")


def whole_or_part(deps: Deps, given: argparse.Namespace) -> None:
    order = deps.orders.get(OrderId(given.what))
    amount = parse_decimal(given.amount, order.total.currency).minor if given.amount else None
    after = refund_order(deps, order.id, amount, given.reason, given.by)
    print(of_order(after))
    print(f"  {line(deps.refunds.get(after.refunds[-1].id))}")


def receipt(deps: Deps, given: argparse.Namespace) -> None:
    print(line(refund_receipt(deps, given.what, given.reason, given.by)))


def again(deps: Deps, given: argparse.Namespace) -> None:
    print(line(refund_again(deps, RefundId(given.what), given.reason, given.by, is_sure=given.sure)))


def done(deps: Deps, given: argparse.Namespace) -> None:
    print(line(refund_by_hand(deps, RefundId(given.what), given.reason, given.by)))


def line(refund: Refund) -> str:
    about = refund.order_id or refund.receipt
    doubt = f"  BUT: {refund.doubt}" if refund.doubt else ""
    said = f"{refund.status:<11} {_say(refund.amount):>14}  {refund.channel_id:<12}"
    return f"{refund.id}  {said} {about}  {refund.reason} ({refund.actor}){doubt}"


def of_order(order: Order) -> str:
    left = Money(minor=order.refundable_minor, currency=order.total.currency)
    return f"{order.id}  {order.state}  refund {order.refund_state}  paid {_say(order.total)}, {_say(left)} could still go back"


def _say(amount: Money) -> str:
    return f"{amount.decimal()} {amount.currency}"


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("refunds", __doc__, "who decides")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act, is_decision in (
        ("list", list_open, False),
        ("show", show, False),
        ("order", whole_or_part, True),
        ("receipt", receipt, True),
        ("again", again, True),
        ("done", done, True),
    ):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        if name != "list":
            verb.add_argument("what")
        if is_decision:
            verb.add_argument("--reason", required=True)
        if name == "again":
            verb.add_argument("--sure", action="store_true", help="you looked at the provider's own pages, and it is not done")
        if name == "order":
            verb.add_argument("--amount", default="", help="a part, such as 5.00")
    return parser


TOLD: Words = {RefundMissing: lambda error: f"{error.code()}: no refund {error}; `list` names those that are open"}


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, TOLD)


if __name__ == "__main__":
    sys.exit(main())

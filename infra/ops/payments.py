"""An order's money: what came in, notices that could not be applied, payments that no notice told.

    python -m infra.ops.payments show ORDER                                  its attempts, receipts and refunds
    python -m infra.ops.payments parked                                      notices that a person must look at
    python -m infra.ops.payments replay CHANNEL KEY                          one of them once more, proved again
    python -m infra.ops.payments propose ORDER --reference NUMBER --reason TEXT   the provider's pages show the money
    python -m infra.ops.payments proposal PROPOSAL
    python -m infra.ops.payments approve PROPOSAL --reference NUMBER         a second person, who read the number there again
    python -m infra.ops.payments reject PROPOSAL

A payment that two persons confirm goes the way of all notices: goods, receipt and ledger in one commit. The number is the
provider's own of the transaction, so a notice that comes later is known. `--by` names who decides; without it, who is logged in.
"""

import argparse
import sys
from typing import Any

from faka.contexts.cases import CaseKind
from faka.contexts.payments.model import Receipt
from faka.contexts.proposals import Proposal, ProposalStore
from faka.flows.confirm_payment import approve_payment, propose_payment, reject
from faka.flows.replay_notice import replay_notice
from faka.kernel.ids import ChannelId, OrderId, out_trade_no
from faka.kernel.money import Money
from faka.platform.due import DUE_PAGE, DUE_SHARDS, due_before
from faka.wiring import Deps
from infra.ops.command import parser_of, perform
from infra.ops.refunds import FAR, of_order
from infra.ops.refunds import line as refund_line


CASE = f"CASE#case_{CaseKind.NOTICE.lower()}_"


def show(deps: Deps, given: argparse.Namespace) -> None:
    order = deps.orders.get(OrderId(given.what))
    print(of_order(order))
    payment = deps.payments.find(order.payment_id)
    if payment is not None:
        print(f"  {payment.state:<11} {_say(payment.amount):>14}  {payment.channel_id}  {out_trade_no(payment.id)}")
    receipt = deps.payments.receipt(order.paid_by) if order.paid_by else None
    if receipt is not None:
        print(f"  {of_receipt(receipt)}")
    for note in order.refunds:
        print(f"  {refund_line(deps.refunds.get(note.id))}")


def parked(deps: Deps, _: argparse.Namespace) -> None:
    """Bound: `DUE_PAGE` rows of each shard of the due index."""
    due = [pk for pk, _ in due_before(deps.tables, deps.clock.now() + FAR)]
    names = [pk.removeprefix(CASE).partition(":") for pk in due if pk.startswith(CASE)]
    print("\n".join(f"{channel}  {key}" for channel, _, key in names) or "no notice waits for a person")
    if len(due) >= DUE_PAGE * DUE_SHARDS:
        print("there may be more: the shop has more to do than one look takes in")


def replay(deps: Deps, given: argparse.Namespace) -> None:
    print(replay_notice(deps, ChannelId(given.what), given.key, given.by))


def propose(deps: Deps, given: argparse.Namespace) -> None:
    print(of_proposal(propose_payment(deps, OrderId(given.what), given.reference, given.reason, given.by)))


def proposal(deps: Deps, given: argparse.Namespace) -> None:
    print(of_proposal(ProposalStore(deps.tables).get(given.what)))


def approve(deps: Deps, given: argparse.Namespace) -> None:
    print(approve_payment(deps, given.what, given.reference, given.by))


def rejected(deps: Deps, given: argparse.Namespace) -> None:
    print(of_proposal(reject(deps, given.what, given.by)))


def of_receipt(one: Receipt) -> str:
    return f"{one.state:<11} {_say(one.amount):>14}  {one.key}  paid {one.paid_at:%Y-%m-%d %H:%M:%S}  {one.reason}".rstrip()


def of_proposal(one: Proposal) -> str:
    """Without the number: the second person reads it at the provider, not here."""
    until = f"until {one.expires_at:%Y-%m-%d %H:%M} UTC"
    decided = f" by {one.decided_by}" if one.decided_by else f", {until}"
    return f"{one.id}  {one.state}{decided}: {one.kind} {one.subject}, {one.reason} ({one.by})"


def _say(amount: Money) -> str:
    return f"{amount.decimal()} {amount.currency}"


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("payments", __doc__, "who decides")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    acts = {"show": show, "parked": parked, "replay": replay, "propose": propose, "proposal": proposal, "approve": approve}
    for name, act in (acts | {"reject": rejected}).items():
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        if name != "parked":
            verb.add_argument("what")
        if name == "replay":
            verb.add_argument("key")
        if name in ("propose", "approve"):
            verb.add_argument("--reference", required=True, help="the provider's own number of the transaction")
        if name == "propose":
            verb.add_argument("--reason", required=True)
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())

"""Batches that turned out bad, and what their suppliers owe for it.

    python -m infra.ops.batches bad BATCH --reason TEXT          off sale; every buyer gets other cards or his money; a complaint is drafted
    python -m infra.ops.batches show BATCH                       what became of each order
    python -m infra.ops.batches complaint COMPLAINT              what the supplier is to be told
    python -m infra.ops.batches sent|accepted|refused COMPLAINT --reason TEXT   you sent it, or he answered; accepted, he owes it

`bad` may be run again at any time: who was made good stays so, who bought in the last seconds is found. `--by` names who decides.
"""

import argparse
import sys
from typing import Any

from faka.contexts.complaints import Complaint, ComplaintState
from faka.flows.bad_batch import answer_complaint, declare_bad
from faka.kernel.ids import BatchId, ComplaintId
from faka.wiring import Deps
from infra.ops.command import parser_of, perform


ANSWERS = {"sent": ComplaintState.SENT, "accepted": ComplaintState.ACCEPTED, "refused": ComplaintState.REFUSED}


def bad(deps: Deps, given: argparse.Namespace) -> None:
    done = declare_bad(deps, BatchId(given.what), given.by, given.reason)
    print(
        f"{done.batch}: {done.buyers} buyers, {done.replaced} have other cards, {done.refunded} their money ({done.refunded_minor} minor),"
        f" {done.with_a_person} wait for a person, {done.waiting} have not paid; complaint {done.complaint}"
    )


def show(deps: Deps, given: argparse.Namespace) -> None:
    rows = deps.complaints.orders(BatchId(given.what))
    print("\n".join(f"{one.order}  {one.what:<8} {one.count} cards {one.amount_minor:>8}" for one in rows) or "nobody was made good yet")


def complaint(deps: Deps, given: argparse.Namespace) -> None:
    print(letter(deps.complaints.get(ComplaintId(given.what))))


def answer(deps: Deps, given: argparse.Namespace) -> None:
    print(letter(answer_complaint(deps, ComplaintId(given.what), ANSWERS[given.verb], given.by, given.reason)))


def letter(one: Complaint) -> str:
    amount = f"{one.amount.decimal()} {one.amount.currency}" if one.amount else "an amount that nobody wrote down"
    told = f"{one.id} {one.state}: {one.supplier or '?'}, batch {one.batch}, {one.count} cards, {amount}"
    return f"{told}: {one.reason} {one.answer}".rstrip()


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("batches", __doc__, "who decides")
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    for name, act in {"bad": bad, "show": show, "complaint": complaint, **dict.fromkeys(ANSWERS, answer)}.items():
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument("what")
        if name not in ("show", "complaint"):
            verb.add_argument("--reason", required=True)
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())

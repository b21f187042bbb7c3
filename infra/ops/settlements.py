"""What suppliers are owed, whether they say the same, and paying them by two persons.

    python -m infra.ops.settlements statement SUPPLIER --first 2026-03-01 --last 2026-03-31    purchases, claims, payments, what is left
    python -m infra.ops.settlements compare SUPPLIER --first 2026-03-01 --last 2026-03-31      his own list against ours; opens cases
    python -m infra.ops.settlements list SUPPLIER                            what was paid
    python -m infra.ops.settlements propose SUPPLIER --last 2026-03-31 --bank ID --reason TEXT
    python -m infra.ops.settlements approve PROPOSAL --amount 1234.50        a second person, who read the statement and pays at the bank
    python -m infra.ops.settlements reject PROPOSAL

Days are Shanghai's, both included. `--bank` is the id of our account in the books. `--by` names who does it; without it, who is
logged in here.
"""

import argparse
import sys
from datetime import date
from typing import Any

from faka.contexts.ledger.owed import Part
from faka.contexts.proposals import ProposalStore
from faka.contexts.settlements import Settlement
from faka.flows.compare_supplier import compare_supplier
from faka.flows.settle_supplier import approve_settlement, propose_settlement, reject_settlement, statement
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency, Money, parse_decimal
from faka.wiring import Deps
from infra.ops.command import parser_of, perform


def print_statement(deps: Deps, given: argparse.Namespace) -> None:
    found = statement(deps, SupplierId(given.id), day(given.first), day(given.last))
    print(f"{given.id}, {given.first} to {given.last}, {found.currency}")
    rows = [("opening", found.opening_minor), *((part.value, found.parts[part]) for part in Part), ("payable", found.payable_minor)]
    for name, minor in rows:
        print(f"  {name:<12} {signed(minor, found.currency):>16}")
    print(f"  {found.transactions} transactions")


def compare(deps: Deps, given: argparse.Namespace) -> None:
    report = compare_supplier(deps, SupplierId(given.id), day(given.first), day(given.last))
    found = report.comparison
    currency = deps.suppliers.get(SupplierId(given.id)).currency
    for one in found.found:
        amounts = f"ours {signed(one.ours_minor, currency)}, his {signed(one.theirs_minor, currency)}"
        print(f"  {one.what:<16} {one.number:<32} {amounts}")
    print(f"{found.matched} matched, {len(found.found)} differ, {found.open} open at him; {report.new_cases} new cases")
    if not report.has_list:
        print("he gives no list, so he was asked for each of our numbers: what only he has charged cannot be seen")


def list_paid(deps: Deps, given: argparse.Namespace) -> None:
    row = deps.suppliers.get(SupplierId(given.id))
    print("\n".join(map(line, deps.settlements.of(row.id, row.currency))) or "nothing was paid yet")


def line(one: Settlement) -> str:
    amount = f"{one.amount.decimal()} {one.amount.currency}"
    who = f"{one.proposed_by} and {one.approved_by}"
    return f"{one.id:<24} {amount:>16}  until {one.until:%Y-%m-%d %H:%M} UTC, paid {one.paid_at:%Y-%m-%d} from {one.bank} by {who}"


def propose(deps: Deps, given: argparse.Namespace) -> None:
    one = propose_settlement(deps, SupplierId(given.id), day(given.last), given.bank, given.reason, given.by)
    amount = signed(int(one.facts["minor"]), Currency(one.facts["currency"]))
    print(f"{one.id}  {one.state}: {amount} {one.facts['currency']} to {one.subject} from {one.facts['bank']}, proposed by {one.by}")


def approve(deps: Deps, given: argparse.Namespace) -> None:
    facts = ProposalStore(deps.tables).get(given.id).facts
    if "currency" not in facts:
        raise InvalidRequest("this proposal is about something else")
    print(line(approve_settlement(deps, given.id, parse_decimal(given.amount, Currency(facts["currency"])), given.by)))


def reject(deps: Deps, given: argparse.Namespace) -> None:
    one = reject_settlement(deps, given.id, given.by)
    print(f"{one.id}  {one.state} by {one.decided_by}")


def day(text: str) -> date:
    """Raises: InvalidRequest."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest("a day reads 2026-03-31") from error


def signed(minor: int, currency: Currency) -> str:
    amount = Money(minor=abs(minor), currency=currency).decimal()
    return f"-{amount}" if minor < 0 else amount


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("settlements", __doc__, "who does it")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act, needs in (
        ("statement", print_statement, ("first", "last")),
        ("compare", compare, ("first", "last")),
        ("list", list_paid, ()),
        ("propose", propose, ("last", "bank", "reason")),
        ("approve", approve, ("amount",)),
        ("reject", reject, ()),
    ):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument("id")
        for need in needs:
            verb.add_argument(f"--{need}", required=True)
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())

"""Read the shop's books, and close a day.

    python -m infra.ops.books trial-balance                      every account; debits and credits are equal in each currency
    python -m infra.ops.books statement ACCOUNT [--from --to]    one account, line by line
    python -m infra.ops.books customers-money                    whose money is where, and whether customers are covered
    python -m infra.ops.books profit --day 2026-03-02            of a day; --by product (default), channel or order
    python -m infra.ops.books profit --order ord_…               of one order
    python -m infra.ops.books close 2026-03-02                   freeze a day's figures; again: hold them against the books

Days are business days in Shanghai. `--json` prints the same for machines: amounts there are minor units, here they are decimal.
"""

import argparse
import getpass
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from faka.contexts.ledger.chart import currency_of
from faka.contexts.ledger.closes import Close
from faka.flows.books import (
    BooksUneven,
    OwnersView,
    Profit,
    Statement,
    TrialBalance,
    close_day,
    customers_money,
    profit_of_day,
    profit_of_order,
    statement,
    trial_balance,
)
from faka.flows.books.profit import By
from faka.kernel.clock import business_day, to_row
from faka.kernel.ids import OrderId
from faka.kernel.money import Currency, Money
from infra.ops.command import parser_of, perform


FIRST_DAY = date(2020, 1, 1)
"""Before any shop's first transaction."""


def decimal(minor: int, currency: str) -> str:
    sign = "-" if minor < 0 else ""
    return sign + Money(minor=abs(minor), currency=Currency(currency)).decimal()


def of(account: str) -> str:
    return account.rpartition("/")[2]


def balance_text(made: TrialBalance) -> Iterable[str]:
    yield f"{'account':<58} {'debit':>16} {'credit':>16} {'balance':>16}  class"
    for one in made.accounts:
        amounts = [decimal(minor, of(one.account)) for minor in (one.debit_minor, one.credit_minor, one.balance_minor)]
        yield f"{one.account:<58} {amounts[0]:>16} {amounts[1]:>16} {amounts[2]:>16}  {one.of}"
    for each in made.sums:
        amounts = [decimal(minor, each.currency) for minor in (each.debit_minor, each.credit_minor, each.debit_minor - each.credit_minor)]
        yield f"{'together in ' + each.currency:<58} {amounts[0]:>16} {amounts[1]:>16} {amounts[2]:>16}"
    yield f"{made.transactions} transactions"


def statement_text(made: Statement) -> Iterable[str]:
    currency = currency_of(made.account)
    yield f"{made.account}, before: {decimal(made.opening_minor, currency)}"
    for one in made.entries:
        amount, balance = decimal(one.amount_minor, currency), decimal(one.balance_minor, currency)
        yield f"{one.cursor[:24]}  {one.side} {amount:>16} {balance:>16}  {one.transaction}"
    yield f"after: {decimal(made.closing_minor, currency)}"
    if made.next:
        yield f"more: --after {made.next}"


def owners_text(views: Sequence[OwnersView]) -> Iterable[str]:
    for view in views:
        yield f"{view.currency}"
        for title, those in (("at providers", view.at_providers), ("in banks", view.in_banks), ("customers'", view.customers)):
            for one in those:
                yield f"  {title:<14} {one.account:<50} {decimal(one.minor, view.currency):>16}"
        for title, minor in (
            ("there", view.there_minor),
            ("customers'", view.customers_minor),
            ("suppliers'", view.suppliers_minor),
            ("agents'", view.agents_minor),
            ("own", view.own_minor),
        ):
            yield f"  {title:<65} {decimal(minor, view.currency):>16}"
        yield f"  customers are {'covered' if view.is_covered else 'NOT COVERED'}"


def profit_text(found: Sequence[Profit]) -> Iterable[str]:
    yield f"{'group':<34} {'sales':>12} {'fees':>9} {'cost':>12} {'commission':>11} {'channel fee':>12} {'other':>9} {'profit':>12}  sold"
    for one in found:
        amounts = (one.sales_minor, one.fees_minor + one.commission_earned_minor, one.cost_minor, one.commission_minor)
        text = [decimal(minor, one.currency) for minor in (*amounts, one.channel_fee_minor, one.other_minor, one.profit_minor)]
        unknown = f", {one.uncosted} of unknown cost" if one.uncosted else ""
        yield (
            f"{one.group + ' ' + one.currency:<34} {text[0]:>12} {text[1]:>9} {text[2]:>12} {text[3]:>11} {text[4]:>12} {text[5]:>9} "
            f"{text[6]:>12}  {one.delivered}{unknown}"
        )


def close_text(made: Close) -> Iterable[str]:
    for one in made.figures:
        amounts = [decimal(minor, of(one.account)) for minor in (one.debit_minor, one.credit_minor, one.balance_minor)]
        yield f"{one.account:<58} {amounts[0]:>16} {amounts[1]:>16} {amounts[2]:>16}"
    yield f"{made.day} closed {to_row(made.closed_at)} by {made.by}, {made.transactions} transactions since {made.since or 'the beginning'}"
    yield f"hash  {made.hash}"
    yield f"chain {made.chain}"


# -- verbs ----------------------------------------------------------------------------------------------------------


def print_balance(deps: Any, given: argparse.Namespace) -> None:
    made = trial_balance(deps)
    _say(given, made.model_dump(mode="json"), balance_text(made))
    if not made.is_even:
        raise BooksUneven("debits and credits differ")


def print_statement(deps: Any, given: argparse.Namespace) -> None:
    last = given.last or business_day(deps.clock.now())
    made = statement(deps, given.account, given.first, last, given.after)
    _say(given, made.model_dump(mode="json"), statement_text(made))


def print_owners(deps: Any, given: argparse.Namespace) -> None:
    views = customers_money(deps)
    more = ("there_minor", "customers_minor", "own_minor", "is_covered")
    _say(given, [view.model_dump(mode="json") | {name: getattr(view, name) for name in more} for view in views], owners_text(views))


def print_profit(deps: Any, given: argparse.Namespace) -> None:
    day = given.day or business_day(deps.clock.now())
    found = profit_of_order(deps, OrderId(given.order)) if given.order else profit_of_day(deps, day, By(given.by))
    _say(given, [one.model_dump(mode="json") | {"profit_minor": one.profit_minor} for one in found], profit_text(found))


def print_close(deps: Any, given: argparse.Namespace) -> None:
    made = close_day(deps, given.day, given.by)
    _say(given, made.model_dump(mode="json"), close_text(made))


def _say(given: argparse.Namespace, document: Any, lines: Iterable[str]) -> None:
    if given.json:
        print(json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True))
    else:
        for line in lines:
            print(line)


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("books", __doc__)
    form = argparse.ArgumentParser(add_help=False)
    form.add_argument("--json", action="store_true", help="for machines")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verbs.add_parser("trial-balance", parents=[form]).set_defaults(act=print_balance)
    verbs.add_parser("customers-money", parents=[form]).set_defaults(act=print_owners)
    one = verbs.add_parser("statement", parents=[form])
    one.add_argument("account")
    one.add_argument("--from", dest="first", type=date.fromisoformat, default=FIRST_DAY)
    one.add_argument("--to", dest="last", type=date.fromisoformat)
    one.add_argument("--after", default="", help="where the page before ended")
    one.set_defaults(act=print_statement)
    earned = verbs.add_parser("profit", parents=[form])
    earned.add_argument("--day", type=date.fromisoformat, help="default: today")
    earned.add_argument("--by", choices=[by.value for by in By], default=By.PRODUCT.value)
    earned.add_argument("--order", default="")
    earned.set_defaults(act=print_profit)
    closing = verbs.add_parser("close", parents=[form])
    closing.add_argument("day", type=date.fromisoformat)
    closing.add_argument("--by", default=getpass.getuser(), help="who closes")
    closing.set_defaults(act=print_close)
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())

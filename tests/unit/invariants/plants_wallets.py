"""Broken promises about wallets and gift values: I10, and I3 where what paid an order is not a wallet."""

from faka.platform.table import Item
from tests.unit.invariants.given import Tampered, planted


def wallet(books: Tampered) -> Item:
    return books.row("trade", f"WALLET#{books.named['wallet']}", "WALLET")


def value(books: Tampered, state: str) -> Item:
    return next(row for row in books.rows("trade", "VALUE#") if row["state"] == state)


@planted("I10")
def a_wallet_holds_more_than_its_lines_say(books: Tampered) -> None:
    wallet(books)["balance_minor"] += 1


@planted("I10")
def a_wallets_write_was_not_counted(books: Tampered) -> None:
    wallet(books)["version"] -= 1


@planted("I10")
def a_line_says_another_amount_than_the_ledger(books: Tampered) -> None:
    next(row for row in books.rows("trade", "WALLET#", "E#") if row["kind"] == "SPENT")["amount_minor"] += 1


@planted("I10")
def a_wallet_is_gone_and_its_lines_stay(books: Tampered) -> None:
    books.drop("trade", f"WALLET#{books.named['wallet']}", "WALLET")


@planted("I10")
def a_redeemed_value_is_open_again(books: Tampered) -> None:
    value(books, "REDEEMED")["state"] = "ISSUED"


@planted("I10")
def a_value_went_into_another_wallet_than_it_says(books: Tampered) -> None:
    value(books, "REDEEMED")["wallet_id"] = "wal_another"


@planted("I10")
def an_issued_value_is_gone(books: Tampered) -> None:
    books.drop("trade", f"VALUE#{value(books, 'ISSUED')['id']}")


@planted("I10")
def a_redeemed_value_is_gone(books: Tampered) -> None:
    books.drop("trade", f"VALUE#{value(books, 'REDEEMED')['id']}")


@planted("I10")
def values_that_nothing_paid_for(books: Tampered) -> None:
    books.drop("journal", f"TXN#val:{books.named['open values']}:0")


@planted("I10", is_quiet=True)
def open_values_are_more_than_the_ledger_owes(books: Tampered) -> None:
    value(books, "ISSUED")["amount"]["minor"] += 1


@planted("I3", "I10")
def an_order_by_wallet_was_paid_by_no_wallet(books: Tampered) -> None:
    entry = next(row for row in books.rows("journal", "TXN#rcp:wallet:"))
    entry["lines"][0]["account"] = "bank:own/CNY"

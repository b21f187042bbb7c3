"""Rows that are not what they should be, and secrets outside the vault: I13."""

from tests.unit.invariants.given import Tampered, planted


@planted("I13")
def an_order_has_an_attribute_that_nobody_writes(books: Tampered) -> None:
    books.order("paid")["card"] = "1234"


@planted("I13")
def a_hold_row_has_an_attribute_that_nobody_writes(books: Tampered) -> None:
    books.rows("guard", "HOLD#")[0]["secret"] = "1234"


@planted("I13")
def a_row_is_of_no_known_kind(books: Tampered) -> None:
    books.add("journal", pk="NOTE#1", sk="NOTE", text="1234")


@planted("I13")
def a_cards_text_stands_in_a_log_line(books: Tampered) -> None:
    books.row("trade", "CASE#case_short_")["reason"] = "NUMBER-1\x1fSECRET-1"


@planted("I13")
def sealed_bytes_stand_outside_the_vault(books: Tampered) -> None:
    books.row("trade", "CASE#case_short_")["reason"] = b"\x01sealed"


@planted("I13")
def a_card_in_the_vault_is_not_sealed(books: Tampered) -> None:
    books.rows("vault", "PAGE#")[0]["cards"][0] = b"NUMBER-1\x1fSECRET-1" * 8


@planted("I13")
def a_row_does_not_fit_its_kind(books: Tampered) -> None:
    books.add("journal", pk="TXN#x", sk="TXN", id="x", kind="receipt_applied", ref="x", currency="CNY", lines=None)


@planted("I9", "I13")
def a_count_is_no_number(books: Tampered) -> None:
    next(row for row in books.rows("guard", "HOLD#") if f"o_{books.named['open']}" in row)["n"] = None

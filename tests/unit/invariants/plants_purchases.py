"""Broken promises about cards that the shop buys: I2, I3, I8, I14."""

from typing import Any

from tests.unit.invariants.given import Tampered, planted


NAME, BATCH = "pur_01ARZ3NDEKTSV4RRFFQ69G5FAV", "bat_01ARZ3NDEKTSV4RRFFQ69G5FAW"
FIRST, SECOND = "pur01ARZ3NDEKTSV4RRFFQ69G5FAV00", "pur01ARZ3NDEKTSV4RRFFQ69G5FAV01"
COST = {"minor": 100, "currency": "CNY"}
AT, THEN = "2027-03-01T00:00:00.000Z", "2027-03-01T00:01:00.000Z"


def tried(number: str, state: str, **more: Any) -> dict[str, Any]:
    known = {"number": number, "supplier_id": "gold", "goods_id": "7001", "cost_max": COST, "status": "", "supplier_no": "", "cost": None}
    return {**known, "state": state, "asked": 0, "missing": 0, "sent_at": AT, "ended_at": None, **more}


def bought(books: Tampered, state: str = "PROCESSING", *attempts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A purchase of three cards at 1.00 each, and its SKU's row; sound but for what a plant changes."""
    given = list(attempts) or [tried(FIRST, state if state != "SEALED" else "RECEIVED")]
    row = {"pk": f"PURCHASE#{NAME}", "sk": "PURCHASE", "id": NAME, "product_id": "p", "sku_id": "s", "quantity": 3, "unit_max": COST}
    row |= {"by": "mei", "state": state, "attempts": given, "batch": None, "new": 0, "version": 2, "created_at": AT, "log": []}
    due = {} if state in ("SEALED", "GIVEN_UP") else {"due_pk": "1", "due_sk": "2999-01-01T00:00:00.000Z"}
    books.add("trade", **{**row, "is_with_a_person": False, **due, **more})
    books.add("trade", pk="BUYING#s", sk="BUYING", purchase=NAME, day="2027-03-01", bought=3)
    return books.row("trade", f"PURCHASE#{NAME}")


def booked(books: Tampered, name: str, minor: int, supplier: str = "gold") -> None:
    kept, *_ = books.rows("journal", "TXN#")
    lines = [
        {"account": "expense:loss/CNY", "side": "D", "amount_minor": minor},
        {"account": f"supplier:{supplier}:payable/CNY", "side": "C", "amount_minor": minor},
    ]
    books.add("journal", **{**kept, "pk": f"TXN#{name}", "id": name, "kind": "purchase_charged", "ref": NAME, "lines": lines})


@planted("I2")
def a_purchase_was_ordered_under_a_number_of_another(books: Tampered) -> None:
    bought(books, "PROCESSING", tried(SECOND, "PROCESSING"))


@planted("I2")
def cards_were_ordered_again_while_an_order_was_out(books: Tampered) -> None:
    bought(books, "PROCESSING", tried(FIRST, "UNKNOWN"), tried(SECOND, "PROCESSING", sent_at=THEN))


@planted("I8")
def a_card_may_cost_more_than_was_allowed(books: Tampered) -> None:
    bought(books, "PROCESSING", tried(FIRST, "PROCESSING", cost_max={"minor": 101, "currency": "CNY"}))


@planted("I2")
def two_purchases_of_a_sku_run(books: Tampered) -> None:
    bought(books)
    books.row("trade", "BUYING#s")["purchase"] = NAME.replace("FAV", "FAX")
    books.add("trade", **{**bought_elsewhere(books), "state": "GIVEN_UP", "attempts": []})


def bought_elsewhere(books: Tampered) -> dict[str, Any]:
    other = NAME.replace("FAV", "FAX")
    row = {**books.row("trade", f"PURCHASE#{NAME}"), "pk": f"PURCHASE#{other}", "id": other}
    return {name: value for name, value in row.items() if not name.startswith("due")}


@planted("I2")
def it_counts_as_created_and_an_order_is_out(books: Tampered) -> None:
    bought(books, "CREATED", tried(FIRST, "PROCESSING"))


@planted("I2")
def its_cards_came_and_lie_in_no_import(books: Tampered) -> None:
    bought(books, "RECEIVED")


@planted("I2")
def it_is_given_up_while_an_order_is_out(books: Tampered) -> None:
    bought(books, "GIVEN_UP", tried(FIRST, "UNKNOWN"))


@planted("I2")
def it_counts_as_failed_and_its_order_is_out(books: Tampered) -> None:
    bought(books, "FAILED", tried(FIRST, "UNKNOWN"))


@planted("I3")
def a_card_that_never_came_was_charged_and_is_not_booked(books: Tampered) -> None:
    bought(books, "SEALED", batch=BATCH)
    booked(books, f"pur:{NAME}", 299)


@planted("I3")
def what_one_supplier_charged_is_owed_to_another(books: Tampered) -> None:
    bought(books, "SEALED", batch=BATCH)
    booked(books, f"pur:{NAME}", 300, "silver")


@planted("I3")
def a_rest_is_booked_of_a_purchase_that_is_not_over(books: Tampered) -> None:
    bought(books)
    booked(books, f"pur:{NAME}", 5)


@planted("I2")
def a_sku_is_bought_by_a_purchase_that_is_not_there(books: Tampered) -> None:
    books.add("trade", pk="BUYING#s", sk="BUYING", purchase=NAME, day="2027-03-01", bought=3)


@planted("I2")
def a_purchase_is_with_a_person_who_was_never_asked(books: Tampered) -> None:
    bought(books, is_with_a_person=True)


@planted("I14")
def a_purchase_that_is_over_is_still_due(books: Tampered) -> None:
    bought(books, "GIVEN_UP", tried(FIRST, "FAILED", ended_at=THEN))
    books.row("trade", f"PURCHASE#{NAME}").update({"due_pk": "1", "due_sk": "2999-01-01T00:00:00.000Z"})


@planted("I14")
def a_purchase_that_is_out_is_never_due(books: Tampered) -> None:
    row = bought(books)
    del row["due_pk"], row["due_sk"]

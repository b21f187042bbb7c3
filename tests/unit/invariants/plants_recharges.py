"""Broken promises about top-ups: I2, I3, I8, I14."""

from datetime import timedelta

from faka.steps.invariants.recharges import CALL_AFTER
from tests.unit.invariants.given import Tampered, planted


def entry_of(books: Tampered, name: str, step: str) -> str:
    return f"TXN#rch:{books.recharge(name)['id']}:{step}"


@planted("I2")
def a_recharge_belongs_to_an_order_of_cards(books: Tampered) -> None:
    books.recharge("given up")["order_id"] = books.named["shown"]


@planted("I2")
def a_top_up_is_delivered_and_no_recharge_did_it(books: Tampered) -> None:
    books.drop("trade", f"RECHARGE#{books.recharge('topped up')['id']}")
    for step in ("cost",):
        books.drop("journal", f"TXN#rch:rch_{books.named['topped up'][4:]}:{step}")


@planted("I2")
def a_number_was_used_twice(books: Tampered) -> None:
    first, second = books.recharge("topped up")["attempts"]
    second["number"] = first["number"]


@planted("I2")
def the_next_supplier_was_asked_before_the_first_had_failed(books: Tampered) -> None:
    books.recharge("topped up")["attempts"][0] |= {"state": "UNKNOWN", "ended_at": None}


@planted("I2")
def the_next_supplier_was_asked_too_early(books: Tampered) -> None:
    books.recharge("topped up")["attempts"][0]["ended_at"] = "2999-01-01T00:00:00.000Z"


@planted("I8")
def a_supplier_took_more_than_the_buyer_paid(books: Tampered) -> None:
    books.recharge("topped up")["attempts"][0]["cost_max"]["minor"] = 1_000_000


@planted("I2")
def it_counts_as_begun_and_an_attempt_is_out(books: Tampered) -> None:
    books.recharge("under way")["state"] = "CREATED"


@planted("I2")
def it_is_given_up_and_its_last_attempt_arrived(books: Tampered) -> None:
    books.recharge("given up")["attempts"][-1]["state"] = "SUCCEEDED"


@planted("I2")
def it_counts_as_failed_and_its_last_attempt_is_out(books: Tampered) -> None:
    books.recharge("under way")["state"] = "FAILED"


@planted("I2")
def it_arrived_and_its_last_attempt_failed(books: Tampered) -> None:
    books.recharge("topped up")["attempts"][-1]["state"] = "FAILED"


@planted("I2")
def it_is_under_way_and_its_last_attempt_is_unknown(books: Tampered) -> None:
    books.recharge("under way")["state"] = "SUBMITTING"


@planted("I2")
def the_money_goes_back_while_it_may_have_been_charged(books: Tampered) -> None:
    row = books.recharge("given up")
    row["state"], row["attempts"][-1]["state"], row["due_pk"], row["due_sk"] = "UNKNOWN", "UNKNOWN", "0", "2999"


@planted("I2")
def it_is_given_up_and_its_order_still_waits(books: Tampered) -> None:
    row = books.recharge("under way")
    row["state"], row["attempts"][-1]["state"] = "GIVEN_UP", "FAILED"
    row.pop("due_pk")
    row.pop("due_sk")


@planted("I2", "I3")
def it_arrived_and_its_order_does_not_know(books: Tampered) -> None:
    row = books.recharge("under way")
    row["state"], row["attempts"][-1]["state"] = "SUCCEEDED", "SUCCEEDED"
    row.pop("due_pk")
    row.pop("due_sk")


@planted("I2", "I3")
def its_order_is_delivered_and_it_never_arrived(books: Tampered) -> None:
    row = books.recharge("topped up")
    row["state"], row["attempts"][-1]["state"] = "GIVEN_UP", "FAILED"


@planted("I3")
def what_a_supplier_took_is_not_booked(books: Tampered) -> None:
    books.drop("journal", entry_of(books, "topped up", "cost"))


@planted("I3")
def what_a_supplier_took_back_is_not_booked(books: Tampered) -> None:
    books.drop("journal", entry_of(books, "taken back", "back"))


@planted("I3")
def a_supplier_is_owed_another_amount(books: Tampered) -> None:
    for line in books.row("journal", entry_of(books, "topped up", "cost"))["lines"]:
        line["amount_minor"] += 1


@planted("I3")
def a_cost_of_no_recharge_is_booked(books: Tampered) -> None:
    row = books.row("journal", entry_of(books, "topped up", "cost"))
    books.add("journal", **row | {"pk": "TXN#rch:rch_0:cost", "id": "rch:rch_0:cost"})


@planted("I2")
def a_person_has_it_and_no_case_says_so(books: Tampered) -> None:
    books.drop("trade", f"CASE#case_recharge_{books.recharge('called')['id']}")


@planted("I2")
def what_was_taken_back_has_no_case(books: Tampered) -> None:
    books.drop("trade", f"CASE#case_recharge_{books.recharge('taken back')['id']}:back")


@planted("I2")
def it_waits_for_its_buyer_whom_nobody_asks(books: Tampered) -> None:
    books.order("sent back").pop("question")


@planted("I2")
def it_waits_for_its_buyer_and_its_last_attempt_is_out(books: Tampered) -> None:
    books.recharge("sent back")["attempts"][-1]["state"] = "UNKNOWN"


@planted("I2")
def it_begins_anew_for_an_account_that_was_ordered_for(books: Tampered) -> None:
    row = books.recharge("under way")
    row["state"], row["attempts"][-1]["state"] = "CREATED", "FAILED"


@planted("I2")
def its_buyer_is_asked_and_his_goods_are_there(books: Tampered) -> None:
    books.order("topped up")["question"] = books.order("sent back")["question"]


@planted("I14", overdue_after=timedelta(days=1))
def a_buyer_was_asked_and_his_money_never_went_back(books: Tampered) -> None:
    row, since = books.recharge("sent back"), books.now - timedelta(days=1) - CALL_AFTER - timedelta(minutes=1)
    row["correct_until"] = since.isoformat().replace("+00:00", "Z")


@planted("I14")
def one_that_ended_is_still_due(books: Tampered) -> None:
    books.recharge("topped up").update(due_pk="0", due_sk="2999")


@planted("I14")
def one_that_is_out_is_never_due(books: Tampered) -> None:
    row = books.recharge("under way")
    row.pop("due_pk")
    row.pop("due_sk")


@planted("I14", overdue_after=timedelta(days=1))
def one_beyond_its_limit_has_called_nobody(books: Tampered) -> None:
    row, since = books.recharge("under way"), books.now - timedelta(days=1) - CALL_AFTER - timedelta(minutes=1)
    row["limit_at"] = since.isoformat().replace("+00:00", "Z")

"""Broken promises about money: I2, I3, I8."""

from faka.contexts.ledger.purchases import cards_replaced
from faka.kernel.ids import OrderId, refund_id
from faka.kernel.money import Currency, Money
from faka.platform.table import Item
from tests.unit.invariants.given import Tampered, planted
from tests.unit.ledger.given import AT, row_of


def receipt(books: Tampered, state: str, name: str = "") -> Item:
    return next(
        row for row in books.rows("trade", "CHANNELTXN#") if row["state"] == state and (not name or row["order_id"] == books.named[name])
    )


def key_of(row: Item) -> str:
    return f"{row['channel_id']}:{row['channel_txn_id']}"


def entry(books: Tampered, name: str) -> Item:
    return books.row("journal", f"TXN#{name}")


def refund(books: Tampered, source: str) -> Item:
    return next(row for row in books.rows("trade", "REFUND#") if row["source"] == source)


def noted(books: Tampered, row: Item, status: str, state: str) -> None:
    """The order says of the refund what its row says."""
    for order in books.rows("trade", "ORDER#"):
        for note in order.get("refunds", []):
            if note[0] == row["id"]:
                note[2], order["refund_state"] = status, state


def due_again(books: Tampered, row: Item) -> Item:
    """The refund as it was before the provider did it: its last entry goes, and its order knows."""
    books.drop("journal", f"TXN#rfd:{row['id']}:ok")
    row |= {"status": "SUBMITTED", "due_pk": "0", "due_sk": "2999"}
    noted(books, row, "SUBMITTED", "DUE")
    return row


def copied(books: Tampered, row: Item, key: str, **changes: object) -> Item:
    """A refund of another receipt, with the entries of the one that it is made after."""
    name = refund_id(f"receipt:{key}")
    for step in ("due", "ok"):
        booked = entry(books, f"rfd:{row['id']}:{step}")
        books.add("journal", **booked | {"pk": f"TXN#rfd:{name}:{step}", "id": f"rfd:{name}:{step}", "ref": name})
    made = row | {"pk": f"REFUND#{name}", "id": name, "receipt": key, "order_id": None, **changes}
    books.add("trade", **made)
    return made


def amounts(row: Item, minor: int) -> None:
    for line in row["lines"]:
        line["amount_minor"] = minor


# -- I2 --------------------------------------------------------------------------------------------------------------------


@planted("I2")
def a_wrong_amount_has_no_case(books: Tampered) -> None:
    books.drop("trade", f"CASE#case_money_{key_of(receipt(books, 'HELD'))}")


@planted("I2")
def an_orphans_case_was_never_opened(books: Tampered) -> None:
    books.drop("trade", f"CASE#case_money_{key_of(receipt(books, 'ORPHAN'))}")


@planted("I2")
def a_wrong_amount_is_held_for_an_order_that_is_paid(books: Tampered) -> None:
    row = receipt(books, "HELD")
    row["order_id"] = books.named["paid"]
    books.order("held")["held"] = []
    books.order("held")["state"] = "EXPIRED"
    books.order("held")["log"][-1] = books.order("held")["log"][-1].replace("ON_HOLD", "EXPIRED")
    given_back(books, "held")


def given_back(books: Tampered, name: str) -> None:
    """The order's claim as if it had come back, waiting in the log."""
    row = books.order(name)
    [[shard, serial, start, count, batch, _]] = row["runs"]
    number = 1 + max(int(each["pk"][-10:]) for each in books.rows("trade", f"LOG#{row['sku_id']}#{shard}"))
    extent = [start, count, batch, 99_999]
    books.add("trade", pk=f"LOG#{row['sku_id']}#{shard}#{number:010}", sk="LOG", why="RETURN", x=[extent], e=[serial])
    row["runs"], row["gone"] = [], [f"{shard}-{serial}"]


@planted("I2")
def a_refund_is_due_and_the_order_does_not_know(books: Tampered) -> None:
    del books.order("twice")["refund_state"]


@planted("I2", "I3")
def a_refund_was_never_requested(books: Tampered) -> None:
    books.drop("trade", f"REFUND#{refund_id('receipt:' + key_of(receipt(books, 'REFUND_DUE')))}")


@planted("I2", "I3")
def money_that_is_held_is_refunded_too(books: Tampered) -> None:
    held = receipt(books, "HELD")
    copied(books, dict(refund(books, "SUSPENSE")), key_of(held), amount=held["amount"])


@planted("I2")
def a_refund_is_of_no_receipt(books: Tampered) -> None:
    copied(books, dict(refund(books, "SUSPENSE")), "alipay:1")


@planted("I14")
def a_refund_on_its_way_is_not_due(books: Tampered) -> None:
    del due_again(books, refund(books, "SUSPENSE"))["due_sk"]


@planted("I14", is_quiet=True)
def a_refund_was_not_looked_at_for_an_hour(books: Tampered) -> None:
    due_again(books, refund(books, "SUSPENSE"))["due_sk"] = "2026-03-02T00:00:00.000Z"


@planted("I2")
def nobody_has_a_refund_that_nobody_can_be_asked_about(books: Tampered) -> None:
    row = due_again(books, refund(books, "SUSPENSE"))
    del row["due_sk"]
    row["status"] = "WITH_PERSON"
    noted(books, row, "WITH_PERSON", "FAILED")


@planted("I3")
def a_refund_is_done_and_not_booked(books: Tampered) -> None:
    books.drop("journal", f"TXN#rfd:{refund(books, 'SUSPENSE')['id']}:ok")


@planted("I3")
def a_refund_went_another_way_than_the_money_came(books: Tampered) -> None:
    entry(books, f"rfd:{refund(books, 'SUSPENSE')['id']}:ok")["lines"][1]["account"] = "psp:epay:clearing/CNY"


@planted("I3")
def a_refund_was_taken_out_of_sales_that_never_were(books: Tampered) -> None:
    entry(books, f"rfd:{refund(books, 'SUSPENSE')['id']}:due")["lines"][0]["account"] = "revenue:sales/CNY"


@planted("I2")
def an_order_says_that_its_refund_is_still_on_its_way(books: Tampered) -> None:
    noted(books, refund(books, "SALES"), "REQUESTED", "DUE")


@planted("I2", "I3")
def goods_came_back_and_their_money_did_not(books: Tampered) -> None:
    order = books.order("given back")
    books.drop("trade", f"REFUND#{order['refunds'][0][0]}")
    order["refunds"], order["refund_state"] = [], "NONE"


@planted("I2", "I8")
def more_goes_back_than_was_paid(books: Tampered) -> None:
    order = books.order("given back")
    row = books.row("trade", f"REFUND#{order['refunds'][0][0]}")
    again = copied(books, dict(row), f"x{row['receipt']}", receipt=row["receipt"], order_id=row["order_id"])
    order["refunds"].append([again["id"], again["amount"]["minor"], again["status"], True])


@planted("I2")
def a_receipt_is_for_an_order_that_is_not_there(books: Tampered) -> None:
    receipt(books, "HELD")["order_id"] = "ord_00000000000000000000000000"
    row = books.order("held")
    row["held"], row["state"] = [], "EXPIRED"
    row["log"][-1] = row["log"][-1].replace("ON_HOLD", "EXPIRED")
    given_back(books, "held")


@planted("I1", "I2", "I3")
def money_paid_an_order_that_is_not_there(books: Tampered) -> None:
    """GIVEN the order is gone, and what belonged to it with it; its card is on its way for ever."""
    number = books.named["late"]
    books.drop("trade", f"ORDER#{number}")
    books.drop("trade", f"PAYMENT#pay_{number[4:]}")


@planted("I2", "I3")
def an_order_is_paid_by_no_receipt(books: Tampered) -> None:
    books.drop("trade", f"CHANNELTXN#{key_of(receipt(books, 'APPLIED', 'paid')).replace(':', '#')}")


@planted("I2", "I3")
def an_order_is_paid_twice(books: Tampered) -> None:
    row = receipt(books, "REFUND_DUE", "twice")
    row["state"] = "APPLIED"
    booked = entry(books, f"rcp:{key_of(row)}")
    booked["kind"] = "receipt_applied"
    booked["lines"][1]["account"] = f"order:{row['order_id']}:funds/CNY"


@planted("I2")
def an_order_says_that_another_movement_paid_it(books: Tampered) -> None:
    books.order("paid")["paid_by"] = key_of(receipt(books, "ORPHAN"))


@planted("I2")
def an_order_is_paid_by_an_attempt_that_did_not_succeed(books: Tampered) -> None:
    books.row("trade", f"PAYMENT#{receipt(books, 'APPLIED', 'paid')['payment_id']}")["state"] = "CLOSED"


@planted("I2")
def an_attempt_succeeded_without_money(books: Tampered) -> None:
    books.row("trade", f"PAYMENT#pay_{books.named['expired'][4:]}")["state"] = "SUCCEEDED"


# -- I3 --------------------------------------------------------------------------------------------------------------------


@planted("I3")
def an_entry_does_not_balance(books: Tampered) -> None:
    entry(books, f"rcp:{key_of(receipt(books, 'ORPHAN'))}")["lines"][1]["amount_minor"] -= 1


@planted("I3")
def an_entry_is_on_an_account_of_another_currency(books: Tampered) -> None:
    row = entry(books, f"rcp:{key_of(receipt(books, 'ORPHAN'))}")
    row["lines"][1]["account"] = row["lines"][1]["account"].replace("CNY", "USD")


@planted("I3")
def a_receipt_is_not_booked(books: Tampered) -> None:
    books.drop("journal", f"TXN#rcp:{key_of(receipt(books, 'ORPHAN'))}")


@planted("I3")
def a_receipt_is_booked_with_another_amount(books: Tampered) -> None:
    amounts(entry(books, f"rcp:{key_of(receipt(books, 'ORPHAN'))}"), 1)


@planted("I3")
def an_entry_books_nothing(books: Tampered) -> None:
    row = entry(books, f"rcp:{key_of(receipt(books, 'ORPHAN'))}")
    books.add("journal", **row | {"pk": "TXN#rcp:alipay:1", "id": "rcp:alipay:1"})


@planted("I3")
def a_delivery_is_not_booked(books: Tampered) -> None:
    books.drop("journal", f"TXN#dlv:{books.named['paid']}")


@planted("I3")
def a_delivery_is_booked_before_there_is_one(books: Tampered) -> None:
    row = entry(books, f"dlv:{books.named['paid']}")
    books.add("journal", **row | {"pk": f"TXN#dlv:{books.named['open']}", "id": f"dlv:{books.named['open']}"})


@planted("I3")
def a_delivery_is_booked_for_another_price(books: Tampered) -> None:
    amounts(entry(books, f"dlv:{books.named['paid']}"), 1)


@planted("I3")
def cards_have_cost_what_nobody_booked(books: Tampered) -> None:
    batch = books.order("paid")["runs"][0][4]
    books.add("journal", pk=f"COST#{books.order('paid')['sku_id']}#{batch}", sk="COST", batch="bat_x", unit_minor=1, currency="CNY")


@planted("I3")
def cards_that_replaced_others_have_cost_what_nobody_booked(books: Tampered) -> None:
    batch = books.order("replaced")["runs"][0][4]
    books.add("journal", pk=f"COST#{books.order('replaced')['sku_id']}#{batch}", sk="COST", batch="bat_x", unit_minor=1, currency="CNY")


@planted("I3")
def cards_are_booked_as_replaced_that_were_not(books: Tampered) -> None:
    order, cost = OrderId(books.named["paid"]), Money(minor=5, currency=Currency.CNY)
    books.add("journal", **row_of(cards_replaced(order, 4, cost, cost, AT)))


@planted("I3")
def a_refund_is_by_another_channel_than_the_money(books: Tampered) -> None:
    refund(books, "SUSPENSE")["channel_id"] = "epay"


@planted("I2", "I3", "I8")
def an_orders_refund_is_of_money_that_never_paid_it(books: Tampered) -> None:
    refund(books, "SALES")["receipt"] = key_of(receipt(books, "HELD"))


@planted("I2")
def an_order_has_forgotten_its_refund(books: Tampered) -> None:
    order = books.order("part")
    order["refunds"], order["refund_state"] = [], "NONE"


@planted("I2")
def cards_are_in_quarantine_and_only_a_part_was_paid_back(books: Tampered) -> None:
    books.order("part")["delivery"] = "REVOKED"


@planted("I2")
def a_returned_order_still_has_something_to_hand_over(books: Tampered) -> None:
    books.order("given back")["delivery"] = "READY"


@planted("I3")
def suspense_owes_money(books: Tampered) -> None:
    row = entry(books, f"rcp:{key_of(receipt(books, 'ORPHAN'))}")
    row["lines"] = [{**line, "side": {"D": "C", "C": "D"}[line["side"]], "amount_minor": 10**9} for line in row["lines"]]


@planted("I2", "I3", "I8")
def a_refund_gives_back_more_than_came(books: Tampered) -> None:
    refund(books, "SUSPENSE")["amount"]["minor"] += 1


# -- I8 --------------------------------------------------------------------------------------------------------------------


@planted("I8")
def the_version_that_was_bought_had_another_price(books: Tampered) -> None:
    for sku in books.row("catalog", "PRODUCT#video-vip", "V#")["skus"]:
        sku["price"]["minor"] += 1


@planted("I8")
def the_version_that_was_bought_is_gone(books: Tampered) -> None:
    books.drop("catalog", "PRODUCT#", "V#")


@planted("I8")
def an_order_was_priced_at_another_rate_than_it_says(books: Tampered) -> None:
    order = books.order("expired")
    order["listed"] = dict(order["unit"])
    order["rate"] = {"base": "CNY", "to": "CNY", "rate_e8": 200_000_000, "at": "2026-03-01T00:00:00.000Z"}


@planted("I8")
def a_total_is_not_the_sum(books: Tampered) -> None:
    books.order("expired")["fee"]["minor"] += 1


@planted("I8")
def an_attempt_asks_for_another_amount(books: Tampered) -> None:
    books.row("trade", f"PAYMENT#pay_{books.named['open'][4:]}")["amount"]["minor"] -= 1


@planted("I2", "I8")
def an_order_is_free_and_costs_something(books: Tampered) -> None:
    books.order("expired")["channel_id"] = "free"


@planted("I2", "I3", "I8")
def an_order_was_paid_by_another_channel_than_it_says(books: Tampered) -> None:
    receipt(books, "APPLIED", "paid")["channel_id"] = "epay"


@planted("I8")
def an_attempt_was_paid_with_another_amount_than_it_asked_for(books: Tampered) -> None:
    books.row("trade", f"PAYMENT#{receipt(books, 'APPLIED', 'paid')['payment_id']}")["amount"]["minor"] -= 1

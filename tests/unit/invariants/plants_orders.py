"""Broken promises about orders, their limits and their dates: I2, I5, I6, I9, I12, I14."""

from datetime import timedelta

from faka.platform.table import Item
from tests.unit.invariants.given import Tampered, planted


def attempt(books: Tampered, name: str, number: int = 0) -> Item:
    return books.row("trade", f"PAYMENT#pay_{books.named[name][4:]}{number:02}")


def turned(row: Item, state: str, **changes: object) -> None:
    """The order in another state, and its log with it."""
    row["log"][-1] = row["log"][-1].replace(f" {row['state']} ", f" {state} ")
    row |= {"state": state, **changes}


# -- I2 --------------------------------------------------------------------------------------------------------------------


@planted("I2")
def an_unpaid_order_is_complete(books: Tampered) -> None:
    del books.order("free")["paid_at"]


@planted("I2")
def a_complete_order_has_nothing_to_hand_over(books: Tampered) -> None:
    del books.order("paid")["delivery"]


@planted("I2")
def an_order_was_completed_at_no_time(books: Tampered) -> None:
    del books.order("paid")["completed_at"]


@planted("I2")
def an_attempt_is_missing(books: Tampered) -> None:
    books.drop("trade", f"PAYMENT#pay_{books.named['expired'][4:]}")


@planted("I2")
def an_attempt_has_no_order(books: Tampered) -> None:
    row = dict(attempt(books, "expired"))
    books.add("trade", **row | {"pk": "PAYMENT#pay_0", "id": "pay_0", "order_id": "ord_0"})


@planted("I2")
def an_earlier_attempt_is_still_open(books: Tampered) -> None:
    first, last = attempt(books, "changed"), attempt(books, "open")
    first |= {"state": "PENDING", "due_pk": "0", "due_sk": last["due_sk"]}


@planted("I2")
def an_order_waits_for_a_closed_attempt(books: Tampered) -> None:
    row = attempt(books, "open")
    row["state"] = "CLOSED"
    del row["due_sk"], row["due_pk"]


@planted("I2", "I3")
def a_short_order_has_no_case(books: Tampered) -> None:
    """GIVEN the books besides are those of an order with goods, so that the ledger has delivered too much."""
    row = books.order("late")
    turned(row, "COMPLETED")
    row |= {"state": "SHORT", "due_pk": "0", "due_sk": "2999"}
    del row["delivery"]
    row["log"].append("2026-03-10T00:00:00.000Z SHORT test test")
    row["log"] = [line.replace(" COMPLETED ", " PAID ") for line in row["log"]]
    row["version"] += 1


@planted("I2", "I3")
def a_paid_order_failed_and_nobody_knows(books: Tampered) -> None:
    row = books.order("late")
    turned(row, "PAID")
    row["log"] += ["2026-03-10T00:00:00.000Z SHORT test test", "2026-03-10T00:00:00.000Z FAILED test test"]
    [[shard, serial, start, count, batch, _]] = row["runs"]
    number = 1 + max(int(each["pk"][-10:]) for each in books.rows("trade", f"LOG#{row['sku_id']}#{shard}"))
    extent = [start, count, batch, 99_999]
    books.add("trade", pk=f"LOG#{row['sku_id']}#{shard}#{number:010}", sk="LOG", why="RETURN", x=[extent], e=[serial])
    row |= {"state": "FAILED", "version": row["version"] + 2, "runs": [], "gone": [*row["gone"], f"{shard}-{serial}"]}
    del row["delivery"]


@planted("I2")
def withheld_goods_have_no_case(books: Tampered) -> None:
    books.drop("trade", f"CASE#case_short_withheld:{books.named['withheld']}")


@planted("I2")
def an_order_is_held_for_no_receipt(books: Tampered) -> None:
    [key] = books.order("held")["held"]
    books.order("held")["held"] = []
    for row in books.rows("trade", f"CHANNELTXN#{key.replace(':', '#')}"):
        row["order_id"] = None
        row["state"] = "ORPHAN"


@planted("I2")
def an_order_is_held_for_money_that_is_not_there(books: Tampered) -> None:
    books.order("held")["held"] += ["alipay:1"]


@planted("I2")
def a_parked_notice_has_no_case(books: Tampered) -> None:
    books.drop("trade", "CASE#case_notice_")


@planted("I2")
def a_case_is_about_nothing(books: Tampered) -> None:
    row = dict(books.row("trade", "CASE#case_notice_"))
    books.add("trade", **row | {"pk": "CASE#case_notice_x", "id": "case_notice_x", "ref": "alipay:x"})


@planted("I2")
def a_case_is_about_an_order_that_is_not_there(books: Tampered) -> None:
    row = dict(books.row("trade", "CASE#case_short_"))
    books.add("trade", **row | {"pk": "CASE#case_short_x", "id": "case_short_x", "ref": "ord_x"})


@planted("I2")
def a_case_is_about_a_difference_that_is_not_there(books: Tampered) -> None:
    row = dict(books.row("trade", "CASE#case_short_"))
    books.add("trade", **row | {"pk": "CASE#case_money_dsc_x", "id": "case_money_dsc_x", "kind": "MONEY", "ref": books.named["paid"]})


@planted("I2")
def a_contact_finds_an_unpaid_order(books: Tampered) -> None:
    books.rows("trade", "BUYER#")[0]["sk"] = books.named["open"]


# -- I5, I6, I12 -----------------------------------------------------------------------------------------------------------


@planted("I5")
def an_opening_is_not_in_the_journal(books: Tampered) -> None:
    books.tables["journal"].remove(books.rows("journal", f"AUDIT#{books.named['shown']}")[0])


@planted("I5")
def an_opening_showed_more_cards_than_were_bought(books: Tampered) -> None:
    books.rows("journal", f"AUDIT#{books.named['shown']}")[0]["cards"] += 1


@planted("I5")
def an_opening_showed_fewer_cards_though_none_was_paid_back(books: Tampered) -> None:
    books.rows("journal", f"AUDIT#{books.named['shown']}")[0]["cards"] -= 1


@planted("I2")
def a_card_is_gone_as_paid_back_and_no_money_went(books: Tampered) -> None:
    row = books.order("shown")
    row["runs"][0][3] -= 1
    row["paid_back"] = 1


@planted("I2")
def a_case_asks_for_cards_of_an_order_that_has_them(books: Tampered) -> None:
    row = books.row("trade", f"CASE#case_short_withheld:{books.named['withheld']}")
    name = f"case_short_withheld:{books.named['paid']}"
    books.add("trade", **{**row, "pk": f"CASE#{name}", "id": name, "ref": books.named["paid"]})


@planted("I2")
def goods_are_withheld_and_their_case_is_closed(books: Tampered) -> None:
    case = books.row("trade", f"CASE#case_short_withheld:{books.named['withheld']}")
    case["state"] = "CLOSED"
    del case["due_pk"], case["due_sk"]


@planted("I5")
def an_opening_is_of_no_order(books: Tampered) -> None:
    row = dict(books.rows("journal", "AUDIT#")[0])
    books.add("journal", **row | {"pk": "AUDIT#ord_0", "order_id": "ord_0"})


@planted("I5")
def a_version_is_behind_its_log(books: Tampered) -> None:
    books.order("paid")["version"] = 1


@planted("I6")
def an_order_left_a_state_that_nobody_leaves(books: Tampered) -> None:
    row = books.order("free")
    row["log"].insert(1, "2026-03-10T00:00:00.000Z FENCED test test")
    row["version"] += 1


@planted("I6")
def an_order_is_not_what_its_log_says(books: Tampered) -> None:
    row = books.order("expired")
    row["log"] += ["2026-03-10T00:00:00.000Z PAID test test"]
    row["version"] += 1


@planted("I6")
def an_order_began_in_the_middle(books: Tampered) -> None:
    books.order("late")["log"].pop(0)


@planted("I12")
def an_opened_order_says_that_it_is_still_closed(books: Tampered) -> None:
    books.order("shown")["delivery"] = "READY"


@planted("I12")
def an_opened_order_was_opened_at_no_time(books: Tampered) -> None:
    del books.order("shown")["revealed_at"]


@planted("I12")
def a_card_is_used_up_like_a_link(books: Tampered) -> None:
    books.order("shown")["delivery"] = "OPENED"


# -- I9 --------------------------------------------------------------------------------------------------------------------


def hold(books: Tampered, name: str) -> Item:
    return next(row for row in books.rows("guard", "HOLD#visitor#") if f"o_{books.named[name]}" in row)


@planted("I9")
def a_hold_row_counts_too_few(books: Tampered) -> None:
    hold(books, "open")["n"] -= 1


@planted("I9")
def a_hold_row_counts_other_cards_than_it_lists(books: Tampered) -> None:
    hold(books, "open")["p_video_vip"] -= 1


@planted("I9")
def an_open_order_is_in_no_hold_row(books: Tampered) -> None:
    books.tables["guard"].remove(hold(books, "open"))


@planted("I9")
def a_visitor_holds_more_cards_than_he_may(books: Tampered) -> None:
    row = hold(books, "expired")
    row |= {f"o_{books.named['expired']}": "video-vip 21", "p_video_vip": 21}


@planted("I9", holds_max=1)
def a_visitor_has_more_open_orders_than_he_may(books: Tampered) -> None:
    row, other = books.order("open"), books.order("held")
    here = hold(books, "held")
    here |= {f"o_{row['id']}": hold(books, "open")[f"o_{row['id']}"], "n": 2, "p_video_vip": here["p_video_vip"] + row["quantity"]}
    row["visitor_hash"] = other["visitor_hash"]


# -- I14 -------------------------------------------------------------------------------------------------------------------


@planted("I14")
def a_mail_that_must_go_is_not_due(books: Tampered) -> None:
    row = books.order("unmailed")
    del row["due_sk"], row["due_pk"]


@planted("I14")
def an_open_attempt_is_not_due(books: Tampered) -> None:
    row = attempt(books, "open")
    del row["due_sk"], row["due_pk"]


@planted("I14")
def a_notice_is_done_and_still_due(books: Tampered) -> None:
    next(row for row in books.rows("trade", "NOTICE#") if row["state"] == "APPLIED")["due_sk"] = "2026"


@planted("I14")
def a_notice_waits_and_is_not_due(books: Tampered) -> None:
    next(row for row in books.rows("trade", "NOTICE#") if row["state"] == "APPLIED")["state"] = "RECEIVED"


@planted("I14")
def an_open_case_is_not_due(books: Tampered) -> None:
    del books.rows("trade", "CASE#")[0]["due_sk"]


@planted("I14", is_quiet=True)
def the_mail_waits_though_the_sweep_went_round(books: Tampered) -> None:
    books.now += timedelta(minutes=1)


@planted("I14", overdue_after=timedelta(minutes=10))
def the_sweep_has_not_come_for_an_hour(books: Tampered) -> None:
    books.now += timedelta(hours=1)


@planted("I14", overdue_after=timedelta(minutes=10))
def a_claim_has_had_no_owner_for_an_hour(books: Tampered) -> None:
    """GIVEN a claim that the journal and the head know, of a checkout that nobody hears of again."""
    row = books.row("trade", "HEAD#video-vip-month#0")
    at = (books.now - timedelta(hours=1)).isoformat()
    run = [0, row["n"], row["c"], 1, row["b"], ""]
    row |= {"c": row["c"] + 1, "a": row["a"] - 1, "cl": row["cl"] + 1, "n": row["n"] + 1}
    books.add("journal", pk="CLAIM#video-vip-month#0", sk=f"{run[2]:012}#0#{run[1]}", tag="ord_0", at=at, run=run)


@planted("I14", "I2", "I3", is_quiet=True)
def a_paid_order_has_had_nothing_for_an_hour(books: Tampered) -> None:
    row = books.order("unmailed")
    turned(row, "PAID", due_sk="2999", paid_at=(books.now - timedelta(hours=1)).isoformat())


@planted("I14", "I2", "I3", is_quiet=True)
def a_short_order_was_not_given_up(books: Tampered) -> None:
    row = books.order("unmailed")
    turned(row, "PAID")
    row["log"].append("2026-03-10T00:00:00.000Z SHORT test test")
    row |= {"state": "SHORT", "due_sk": "2999", "version": 9, "short_until": (books.now - timedelta(hours=1)).isoformat()}


@planted("I14")
def a_paid_order_is_not_due(books: Tampered) -> None:
    row = books.order("unmailed")
    del row["due_sk"]

"""Broken promises about cards: I1, I4, and what the claim journal tells of them (I5)."""

from tests.unit.invariants.given import Tampered, planted


SKU = "video-vip-month"


def head(books: Tampered) -> dict:
    return books.row("trade", f"HEAD#{SKU}#0")


def log(books: Tampered, why: str) -> list[dict]:
    return sorted((row for row in books.rows("trade", f"LOG#{SKU}#0") if row["why"] == why), key=lambda row: row["pk"])


def last_log(books: Tampered) -> int:
    return max(int(row["pk"][-10:]) for row in books.rows("trade", f"LOG#{SKU}#0"))


# -- I1 --------------------------------------------------------------------------------------------------------------------


@planted("I1")
def one_card_is_owned_by_two_orders(books: Tampered) -> None:
    books.order("paid")["runs"] = books.order("late")["runs"]


@planted("I1")
def an_order_owns_a_card_that_is_for_sale(books: Tampered) -> None:
    [[shard, serial, _, count, batch, day]] = books.order("paid")["runs"]
    books.drop("journal", f"CLAIM#{SKU}", "")
    for row in books.rows("trade", f"HEAD#{SKU}"):
        for i in range(6):
            row[f"i{i}"] = -1
    books.order("paid")["runs"] = [[shard, serial, head(books)["c"], count, batch, day]]


@planted("I1")
def a_completed_order_has_no_card(books: Tampered) -> None:
    books.order("late")["runs"] = []


@planted("I1")
def an_order_has_more_than_it_asked_for(books: Tampered) -> None:
    row = books.order("held")
    row["runs"] += books.order("late")["runs"]


@planted("I1")
def an_expired_order_keeps_its_card(books: Tampered) -> None:
    row = books.order("expired")
    [event] = row["gone"]
    [claim] = [claim for claim in books.rows("journal", f"CLAIM#{SKU}#") if claim["sk"].endswith("#" + event.replace("-", "#"))]
    row["runs"], row["gone"] = [claim["run"]], []


@planted("I1")
def an_order_owns_a_claim_that_it_gave_back(books: Tampered) -> None:
    row = books.order("expired")
    [event] = row["gone"]
    [claim] = [claim for claim in books.rows("journal", f"CLAIM#{SKU}#") if claim["sk"].endswith("#" + event.replace("-", "#"))]
    row["runs"] = [claim["run"]]


@planted("I1")
def a_fence_owns_a_card(books: Tampered) -> None:
    [fence] = [row for row in books.rows("trade", "ORDER#") if row["state"] == "FENCED"]
    fence["runs"] = books.order("late")["runs"]


@planted("I1")
def a_claim_came_back_that_nobody_let_go(books: Tampered) -> None:
    books.order("expired")["gone"] = []


@planted("I1")
def a_claim_was_let_go_and_did_not_come_back(books: Tampered) -> None:
    books.order("late")["gone"] += ["0-99"]


@planted("I1")
def a_claim_was_let_go_by_two(books: Tampered) -> None:
    books.order("canceled")["gone"] += books.order("expired")["gone"]


@planted("I1")
def a_claim_came_back_twice(books: Tampered) -> None:
    [first, second, *_] = log(books, "RETURN")
    second["e"] = [*second["e"], *first["e"]]


@planted("I1", "I2")
def an_order_counts_a_card_as_paid_back_and_keeps_it(books: Tampered) -> None:
    books.order("shown")["paid_back"] = 1


# -- I4 --------------------------------------------------------------------------------------------------------------------


@planted("I4")
def a_head_counts_a_claim_too_few(books: Tampered) -> None:
    head(books)["cl"] -= 1


@planted("I4")
def a_head_owes_a_card(books: Tampered) -> None:
    row = head(books)
    row |= {"q": [*row["q"], [row["c"], row["a"] + 1, row["b"], row["x"]]], "c": row["c"] + row["a"] + 1, "a": -1}


@planted("I4")
def a_card_of_the_drawer_is_for_sale(books: Tampered) -> None:
    row = next(row for row in books.rows("trade", f"ASIDE#{SKU}#0") if "back" not in row)
    start, count, batch, day = row["x"]
    stood = head(books)
    stood["q"] = [*stood["q"], [start, count, batch, day]]
    stood["im"] += count
    log(books, "IMPORT")[-1]["x"][-1][1] += 0
    books.row("trade", f"SKU#{SKU}")["g"] += 1


@planted("I4")
def a_card_is_lost(books: Tampered) -> None:
    """GIVEN the head forgot one, and counts as if somebody had put it aside."""
    row = head(books)
    row["a"] -= 1
    row["wh"] += 1


@planted("I4")
def a_card_is_for_sale_that_nobody_imported(books: Tampered) -> None:
    row = head(books)
    row["q"] = [*row["q"], [90_000, 1, 1, 99_999]]
    row["im"] += 1


@planted("I1", "I4")
def a_card_was_put_up_for_sale_twice(books: Tampered) -> None:
    first = log(books, "IMPORT")[0]["x"][0]
    books.add("trade", pk=f"LOG#{SKU}#0#{last_log(books) + 1:010}", sk="LOG", why="IMPORT", e=[], x=[list(first)])


@planted("I1", "I4")
def the_log_misses_a_row(books: Tampered) -> None:
    row = log(books, "IMPORT")[-1]
    row["pk"] = row["pk"][:-10] + f"{last_log(books) + 5:010}"


@planted("I4")
def a_head_took_in_what_is_not_in_the_log(books: Tampered) -> None:
    head(books)["lp"] += 1


@planted("I4")
def a_head_counts_what_its_log_does_not_say(books: Tampered) -> None:
    row = head(books)
    row["im"] += 1
    row["re"] -= 1


@planted("I4")
def a_head_counts_withheld_cards_that_are_nowhere(books: Tampered) -> None:
    row = head(books)
    row["wh"] += 1
    row["im"] += 1


@planted("I4")
def a_log_row_of_an_import_names_claims(books: Tampered) -> None:
    log(books, "IMPORT")[0]["e"] = [3]


@planted("I4")
def the_mark_of_a_batch_is_behind_its_log(books: Tampered) -> None:
    books.row("trade", f"LINK#{SKU}#1")["upto"] -= 1


@planted("I4")
def numbers_are_for_sale_that_were_never_given_out(books: Tampered) -> None:
    books.row("trade", f"SKU#{SKU}")["nx"] -= 8


@planted("I4")
def a_number_has_no_sealed_card(books: Tampered) -> None:
    books.row("vault", f"PAGE#{SKU}#0000000000")["cards"].pop()


@planted("I4")
def a_barred_batch_is_for_sale(books: Tampered) -> None:
    books.row("trade", f"SKU#{SKU}")["bars"][f"b{head(books)['b']}"] = "VOID"


@planted("I4")
def a_head_obeys_orders_that_nobody_gave(books: Tampered) -> None:
    head(books)["g"] += 1


@planted("I4", is_quiet=True)
def a_head_has_not_heard_the_newest_orders(books: Tampered) -> None:
    books.row("trade", f"SKU#{SKU}")["g"] += 1


@planted("I4", is_quiet=True)
def a_log_row_waits_though_there_is_room(books: Tampered) -> None:
    orders = books.row("trade", f"SKU#{SKU}")
    first, batch = orders["nx"], orders["nb"] + 1
    orders |= {"nx": first + 8, "nb": batch}
    books.add("trade", pk=f"LINK#{SKU}#{batch}", sk="LINK", upto=first + 1)
    books.add("trade", pk=f"LOG#{SKU}#0#{last_log(books) + 1:010}", sk="LOG", why="IMPORT", e=[], x=[[first, 1, batch, 99_999]])
    books.add("vault", pk=f"PAGE#{SKU}#{first // 8:010}", sk="PAGE", batch=batch, cards=[b"\x01" * 99])


@planted("I4", is_quiet=True)
def a_claimed_card_has_no_owner(books: Tampered) -> None:
    row = head(books)
    start = row["c"]
    row |= {"c": start + 1, "a": row["a"] - 1, "cl": row["cl"] + 1}


@planted("I4", is_quiet=True)
def a_frozen_batch_is_not_barred(books: Tampered) -> None:
    next(row for row in books.rows("vault", f"BATCH#{SKU}") if row["state"] == "OPEN")["state"] = "FROZEN"


@planted("I4", is_quiet=True)
def a_void_card_is_not_barred(books: Tampered) -> None:
    next(row for row in books.rows("vault", f"BATCH#{SKU}") if row["state"] == "OPEN")["void"] = {0}


# -- I5 --------------------------------------------------------------------------------------------------------------------


def claim_of(books: Tampered, name: str) -> dict:
    [[shard, serial, *_]] = books.order(name)["runs"]
    return next(row for row in books.rows("journal", f"CLAIM#{SKU}#") if row["sk"].endswith(f"#{shard}#{serial}"))


@planted("I5")
def the_journal_gives_a_claim_to_another_order(books: Tampered) -> None:
    claim_of(books, "late")["tag"] = books.named["paid"]


@planted("I1")
def two_claims_of_the_journal_are_of_one_card(books: Tampered) -> None:
    """GIVEN a claim on its way for a card that an order owns."""
    other = claim_of(books, "late")
    books.add("journal", pk=other["pk"], sk="000000000099#0#99", tag=books.named["open"], at=other["at"], run=[0, 99, *other["run"][2:]])


@planted("I5", "I1")
def an_order_owns_another_card_than_it_claimed(books: Tampered) -> None:
    mine, other = books.order("late")["runs"], books.order("twice")["runs"]
    mine[0][2], other[0][2] = other[0][2], mine[0][2]


@planted("I5", "I4")
def ring_and_journal_tell_different_cards(books: Tampered) -> None:
    claim = claim_of(books, "unmailed")
    claim["run"] = [*claim["run"][:3], 2, *claim["run"][4:]]

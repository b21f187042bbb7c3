"""Broken promises about cards that were replaced under warranty (I1), and about batches whose cards were asked about (I4)."""

from tests.unit.invariants.given import Tampered, planted


SKU = "video-vip-month"


# -- warranty ----------------------------------------------------------------------------------------------------------------


def exchanged(old: int, new: int) -> dict:
    return {"old": old, "new": new, "by": "mei", "reason": "it is used", "at": "2027-03-01T00:00:00.000Z"}


@planted("I1")
def an_order_still_owns_a_card_that_it_got_another_for(books: Tampered) -> None:
    row = books.order("paid")
    row["exchanges"] = [exchanged(row["runs"][0][2], 9_000)]


@planted("I1")
def a_card_was_replaced_twice(books: Tampered) -> None:
    books.order("paid")["exchanges"] = [exchanged(9_000, 9_001), exchanged(9_000, 9_002)]


# -- batches with a sample ---------------------------------------------------------------------------------------------------


def probed(books: Tampered, state: str, verdict: str, **more: object) -> None:
    """An import of the batch that is linked first."""
    sample = {"number": 0, "line": 1, "start": 0, "end": 9, "asked": 1, "verdict": verdict}
    books.add("trade", pk="IMPORT#bat_x", sk="IMPORT", id="bat_x", sku=SKU, ordinal=1, state=state, samples=[sample], **more)


@planted("I4")
def a_batch_went_on_sale_though_its_sample_is_bad(books: Tampered) -> None:
    probed(books, "DONE", "BAD")


@planted("I4")
def a_batch_is_on_sale_while_its_sample_is_asked_about(books: Tampered) -> None:
    probed(books, "PROBING", "GOOD")


@planted("I4")
def a_batch_is_held_and_nobody_is_asked(books: Tampered) -> None:
    probed(books, "DONE", "BAD", held="a sampled card does not work")


@planted("I2")
def a_case_is_about_a_batch_that_was_never_asked_about(books: Tampered) -> None:
    row = books.row("trade", f"CASE#case_short_withheld:{books.named['withheld']}")
    books.add("trade", **{**row, "pk": "CASE#case_probe_bat_y", "id": "case_probe_bat_y", "kind": "PROBE", "ref": "bat_y"})

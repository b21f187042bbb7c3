"""Each class of difference is told by its name, and what fits is not called a difference."""

from datetime import timedelta

import pytest

from faka.contexts.statements import match as rule
from faka.contexts.statements import reduce as rest
from faka.contexts.statements.compare import Rules, charged_e5, is_wrong_on_the_day
from faka.contexts.statements.lines import ATTEMPT
from faka.contexts.statements.reduce import Known
from tests.unit.statements.given import DAY, NUMBERS, Night, at, our_refund, ours, their_refund, theirs


pytestmark = pytest.mark.unit

YESTERDAY = (DAY - timedelta(days=1)).isoformat()


def attempt(n: int, state: str) -> Known:
    return Known(attempts={NUMBERS[n]: ours(n, kind=ATTEMPT, state=state, txn="")})


def test_lines_that_fit_are_matched_and_nothing_is_found() -> None:
    night = Night([theirs(0), their_refund(1)], [ours(0), our_refund(1)])
    assert night.classes == []
    assert night.pairs == 2
    assert night.adds_up()


@pytest.mark.parametrize(
    ("bill", "books", "known", "found"),
    [
        ([theirs(0)], [], Known(), "BILL_ONLY_PAYMENT"),
        ([theirs(0, number="")], [], Known(), "BILL_ONLY_PAYMENT"),
        ([theirs(0)], [], attempt(0, "CLOSED"), "STATE_MISMATCH"),
        ([theirs(0)], [], attempt(0, "PENDING"), "STATE_MISMATCH"),
        ([theirs(0)], [], attempt(0, "SUCCEEDED"), "DUPLICATE_PAYMENT"),
        ([theirs(0, status="FAILED")], [ours(0)], Known(), "STATE_MISMATCH"),
        ([theirs(0, txn="T-other")], [ours(0)], Known(), "STATE_MISMATCH"),
        ([theirs(0), theirs(0, txn="T-second")], [ours(0)], Known(), "DUPLICATE_PAYMENT"),
        ([theirs(0), theirs(0, line_no="9")], [ours(0)], Known(), "DUPLICATE_BILL_LINE"),
        ([theirs(0, amount="1579")], [ours(0)], Known(), "AMOUNT_MISMATCH"),
        ([theirs(0, currency="USD")], [ours(0)], Known(), "CURRENCY_MISMATCH"),
        ([], [ours(0)], Known(), "LOCAL_ONLY_PAYMENT"),
        ([], [ours(0, at=at(0.4))], Known(), "TIMING"),
        ([], [ours(0, at=at(23.6))], Known(), "TIMING"),
        ([], [ours(0, at="")], Known(), "TIMING"),
        ([theirs(0)], [ours(0, goods="WAITING")], Known(), "UNDELIVERED_PAID"),
        ([their_refund(0)], [], Known(), "BILL_ONLY_REFUND"),
        ([], [our_refund(0)], Known(), "TIMING"),
        ([their_refund(0, amount="-1579")], [our_refund(0)], Known(), "REFUND_AMOUNT_MISMATCH"),
        ([their_refund(0)], [our_refund(0, state="SUBMITTED")], Known(), "REFUND_STATE_MISMATCH"),
        ([their_refund(0, status="FAILED")], [our_refund(0)], Known(), "REFUND_STATE_MISMATCH"),
        ([theirs(0, kind="CHARGEBACK", amount="-1580")], [], Known(), "CHARGEBACK"),
    ],
)
def test_a_difference_has_its_class(bill: list, books: list, known: Known, found: str) -> None:  # type: ignore[type-arg]
    night = Night(bill, books, known)
    assert night.classes == [found]
    assert night.adds_up()


@pytest.mark.parametrize(
    ("bill", "books", "known"),
    [
        ([theirs(0, kind="FEE", amount="-9"), theirs(1, kind="PAYOUT", amount="-5000")], [], Known()),
        ([theirs(0, status="PENDING")], [], attempt(0, "PENDING")),
        ([their_refund(0, status="FAILED")], [], Known()),
        ([], [our_refund(0, state="FAILED")], Known()),
        ([their_refund(0, status="PENDING")], [our_refund(0, state="FAILED")], Known()),
        ([theirs(0, number="")], [ours(0)], Known()),
        ([theirs(0, number="shop-made-number")], [ours(0)], Known()),
        ([theirs(0, txn="")], [ours(0)], Known()),
        ([theirs(0)], [], Known(receipts={"T0": ours(0, day=YESTERDAY)})),
        ([their_refund(0)], [], Known(refunds={"rfd0": our_refund(0, day=YESTERDAY)})),
    ],
)
def test_what_only_looks_like_a_difference_is_none(bill: list, books: list, known: Known) -> None:  # type: ignore[type-arg]
    night = Night(bill, books, known)
    assert night.classes == []
    assert night.adds_up()


def test_a_refund_that_went_out_and_came_back_is_right_where_ours_has_failed() -> None:
    lines = [their_refund(0, status="FAILED"), their_refund(0, status="FAILED", amount="1580")]
    failed = our_refund(0, state="FAILED")
    assert Night(lines, [failed], Known(refunds={"rfd0": failed})).classes == []
    done = our_refund(0, day=YESTERDAY)
    assert Night(lines[1:], [], Known(refunds={"rfd0": done})).classes == ["REFUND_STATE_MISMATCH"]


def test_books_without_refunds_say_nothing_about_ours() -> None:
    assert Night([], [our_refund(0)], rules=Rules(shows_refunds=False)).classes == []
    assert Night([], [our_refund(0)]).classes == ["TIMING"]


def test_a_number_of_ours_is_never_matched_with_the_transaction_of_another() -> None:
    assert Night([theirs(1, txn="T0")], [ours(0)]).classes == ["BILL_ONLY_PAYMENT", "LOCAL_ONLY_PAYMENT"]


def test_two_lost_payments_of_one_number_are_a_payment_and_its_duplicate() -> None:
    night = Night([theirs(0), theirs(0, txn="T-second")], [], attempt(0, "CLOSED"))
    assert night.classes == ["DUPLICATE_PAYMENT", "STATE_MISMATCH"]


# -- the cut of the day -------------------------------------------------------------------------------------------------------


def test_a_carried_line_that_todays_bill_has_is_matched_and_has_crossed() -> None:
    night = Night([theirs(0)], [ours(0, day=YESTERDAY)])
    assert night.classes == []
    assert night.crossed == [(YESTERDAY, f"P:{NUMBERS[0]}:T0")]


def test_a_payment_is_carried_for_two_days_and_a_refund_for_seven() -> None:
    for age_days, is_overdue in ((1, False), (2, True)):
        night = Night([], [ours(0, day=(DAY - timedelta(days=age_days)).isoformat())])
        assert night.classes == []
        assert bool(night.placed.overdue) is is_overdue
    for age_days, is_overdue in ((6, False), (7, True)):
        night = Night([], [our_refund(0, day=(DAY - timedelta(days=age_days)).isoformat())])
        assert bool(night.placed.overdue) is is_overdue


def test_a_carried_refund_that_did_not_go_out_is_dropped() -> None:
    night = Night([], [our_refund(0, state="WITH_PERSON", day=YESTERDAY)])
    assert night.placed.dropped == [(YESTERDAY, "R:rfd0")]
    assert night.adds_up()


# -- fees ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fee_e5", "found"), [("9480", []), ("10480", []), ("8480", []), ("10481", ["FEE_MISMATCH"]), ("0", ["FEE_MISMATCH"])]
)
def test_a_fee_may_differ_by_one_fen_from_the_contract(fee_e5: str, found: list[str]) -> None:
    assert Night([theirs(0, fee_e5=fee_e5)], [ours(0)], rules=Rules(fee_bp=60)).classes == found


def test_without_a_contract_no_fee_is_judged() -> None:
    assert Night([theirs(0, fee_e5="99999")], [ours(0)]).classes == []


def test_a_fen_a_line_can_still_be_a_wrong_rate_on_the_day() -> None:
    assert not is_wrong_on_the_day(100_400, 100_000)
    assert is_wrong_on_the_day(102_000, 100_000)


def test_a_tolerance_never_hides_a_difference_of_principal() -> None:
    assert Night([theirs(0, amount="1581", fee_e5="9480")], [ours(0)], rules=Rules(fee_bp=60)).classes == ["AMOUNT_MISMATCH"]


def test_what_was_kept_counts_every_line_once_whoever_knows_it() -> None:
    """A fee on a line, a refund that gives some back, a fee that is a line of its own; and a line that is printed twice."""
    bill = [
        theirs(0, fee_e5="9480"),
        theirs(1, fee_e5="9480"),
        theirs(1, fee_e5="9480", line_no="7"),
        their_refund(0, fee_e5="-9480"),
        theirs(2, kind="FEE", number="", txn="f1", amount="-30"),
        theirs(3, kind="PAYOUT", number="", txn="p1", amount="-90000"),
    ]
    result = rule.match(bill, [ours(0)], Rules(), DAY.isoformat())
    assert result.charged == {"CNY": 9_480 + 30_000}
    assert charged_e5(theirs(0, kind="FEE", amount="-3", currency="JPY")) == 300_000


# -- twins: the guard off, and the fault appears ------------------------------------------------------------------------------


def test_without_the_fallback_a_bill_that_lost_our_number_invents_two_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_same_transaction", lambda line, by_txn: None)
    assert Night([theirs(0, number="")], [ours(0)]).classes == ["BILL_ONLY_PAYMENT", "LOCAL_ONLY_PAYMENT"]


def test_without_carrying_a_payment_at_midnight_is_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "is_near_cut", lambda line: False)
    assert Night([], [ours(0, at=at(23.9))]).classes == ["LOCAL_ONLY_PAYMENT"]


def test_without_the_look_at_repeats_a_line_printed_twice_becomes_a_second_payment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "_distinct", lambda lines, result: list(lines))
    assert Night([theirs(0), theirs(0, line_no="9")], [ours(0)]).classes == ["DUPLICATE_PAYMENT"]


def test_without_the_look_up_a_payment_over_midnight_is_booked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_looked_up", lambda line, known, day: None)
    assert Night([theirs(0)], [], Known(receipts={"T0": ours(0, day=YESTERDAY)})).classes == ["BILL_ONLY_PAYMENT"]

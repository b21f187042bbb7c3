"""Dividing a sale and taking it back: to the cent, the same for everybody who does it, and never more back than a party got."""

from fractions import Fraction

import pytest

from faka.contexts.ledger import shares
from faka.contexts.ledger.shares import BadShares, RefundsExceedPayment, account_of, from_parts, owed, split, taken_back
from faka.kernel.errors import Broken
from faka.kernel.money import Currency, allocate


pytestmark = pytest.mark.unit

PARADOX = {"agent:a": 6, "agent:b": 6, "supplier:c": 2}
"""By the largest remainder c owes 2 of 10 that went back, and 1 of 11."""


def by_largest_remainder(parts: shares.Parts, refunded_minor: int) -> dict[str, int]:
    names = sorted(parts)
    return dict(zip(names, allocate(refunded_minor, [parts[name] for name in names]), strict=True))


def by_the_queue(parts: shares.Parts, refunded_minor: int) -> dict[str, int]:
    """The rule as it is written: every unit in one queue, the first ones go back."""
    queue = sorted((-Fraction(part, 2 * i - 1), party) for party, part in parts.items() for i in range(1, part + 1))
    found = dict.fromkeys(parts, 0)
    for _, party in queue[:refunded_minor]:
        found[party] += 1
    return found


def test_a_hundred_yuan_less_a_cent_goes_out_to_the_cent() -> None:
    """99.99 at 33.33, 33.33 and 33.34 percent are 33.326667 twice and 33.336666: two cents are left, for the two larger remainders."""
    assert split(9999, {"platform": 3333, "supplier:a": 3333, "agent:b": 3334}) == {"agent:b": 3333, "platform": 3333, "supplier:a": 3333}


def test_a_split_does_not_depend_on_the_order_of_its_parties() -> None:
    assert split(1, {"supplier:b": 5000, "supplier:a": 5000}) == split(1, {"supplier:a": 5000, "supplier:b": 5000})
    assert split(1, {"supplier:b": 5000, "supplier:a": 5000})["supplier:a"] == 1


@pytest.mark.parametrize("bad", [{}, {"platform": 9999}, {"platform": 10_001}, {"platform": 10_100, "agent:a": -100}])
def test_shares_that_are_not_the_whole_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(BadShares):
        split(100, bad)


def test_too_many_parties_are_refused() -> None:
    with pytest.raises(BadShares):
        split(100, {f"agent:{n:02}": 10_000 if n == 0 else 0 for n in range(shares.PARTIES_MAX + 1)})


def test_what_each_party_owes_is_the_first_units_of_one_queue_for_every_refund_of_small_sales() -> None:
    tried = 0
    for a in range(7):
        for b in range(7):
            for c in range(1, 7):
                parts = {"agent:a": a, "agent:b": b, "supplier:c": c}
                for refunded in range(a + b + c + 1):
                    assert owed(parts, refunded) == by_the_queue(parts, refunded)
                    tried += 1
                assert owed(parts, a + b + c) == parts, "all of it takes everything back"
    assert tried > 2_500


def test_no_party_is_given_back_to_by_a_larger_refund() -> None:
    backs = [taken_back(PARADOX, before, 1) for before in range(sum(PARADOX.values()))]
    assert all(min(back.values()) >= 0 and sum(back.values()) == 1 for back in backs)


def test_twin_the_largest_remainder_would_give_a_party_a_cent_of_somebody_elses_refund(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "owed", by_largest_remainder)
    with pytest.raises(AssertionError):
        test_no_party_is_given_back_to_by_a_larger_refund()


def test_large_amounts_take_no_longer_than_small_ones() -> None:
    parts = {"agent:a": 10**12, "agent:b": 3 * 10**12 + 7, "platform": 11}
    assert sum(owed(parts, 2 * 10**12 + 1).values()) == 2 * 10**12 + 1


def test_more_than_was_paid_is_not_given_back() -> None:
    for before, refund in ((0, 15), (14, 1), (-1, 1), (2, -1)):
        with pytest.raises(RefundsExceedPayment):
            taken_back(PARADOX, before, refund)
    with pytest.raises(RefundsExceedPayment):
        from_parts(PARADOX, 3, Currency.CNY, 10, 8)


def test_a_refund_takes_the_parts_first_and_the_buyers_fee_last() -> None:
    first = dict(from_parts(PARADOX, 3, Currency.CNY, 0, 13))
    second = dict(from_parts(PARADOX, 3, Currency.CNY, 13, 4))
    assert sum(first.values()) == 13
    assert "revenue:fees/CNY" not in first
    assert second["revenue:fees/CNY"] == 3
    assert sum(second.values()) == 4


def test_a_party_is_the_platform_a_supplier_or_an_agent() -> None:
    assert account_of("platform", Currency.CNY) == "revenue:commission/CNY"
    assert account_of("supplier:north", Currency.CNY) == "supplier:north:payable/CNY"
    assert account_of("agent:anne", Currency.CNY) == "agent:anne:commission_pending/CNY"
    for strange in ("buyer:x", "supplier", "platform:x", "supplier:a:b", "agent:"):
        with pytest.raises((BadShares, Broken)):
            account_of(strange, Currency.CNY)

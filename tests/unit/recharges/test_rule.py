"""Words about a recharge in any order and number: the pure rule keeps its promises."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.recharges import Attempt, Effect, Heard, Recharge, RechargeState, Word, after, number_of, recharge_id, recharge_of
from faka.contexts.recharges.model import ENDED, LADDER_S, OPEN, TRANSITIONS
from faka.kernel.ids import OrderId, SkuId, SupplierId
from faka.kernel.money import Money


pytestmark = pytest.mark.unit

START = datetime(2026, 3, 1, tzinfo=UTC)
NAME = recharge_id(OrderId("ord_01JQ0000000000000000000000"))
COST = Money(minor=1_450, currency="CNY")


def attempt(index: int, state: RechargeState = RechargeState.SUBMITTING) -> Attempt:
    return Attempt(number=number_of(NAME, index), supplier_id=SupplierId("first"), goods_id="t", cost_max=COST, sent_at=START, state=state)


def recharge(state: RechargeState, *attempts: Attempt) -> Recharge:
    return Recharge(
        id=NAME,
        order_id=OrderId("ord_01JQ0000000000000000000000"),
        sku_id=SkuId("sku"),
        account={"mobile": "13800138000"},
        price=COST,
        state=state,
        attempts=attempts,
        created_at=START,
        limit_at=START + timedelta(minutes=30),
    )


words = st.builds(
    lambda number, word, later: (Heard(number_of(NAME, number), word, "told"), later),
    st.integers(0, 2),
    st.sampled_from(list(Word)),
    st.integers(0, 900),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(words, max_size=12))
def test_any_words_deliver_at_most_once_and_never_leave_an_end(heard: list[tuple[Heard, int]]) -> None:
    one = recharge(RechargeState.SUBMITTING, attempt(0, RechargeState.FAILED), attempt(1))
    now, effects = START, []
    for word, later in heard:
        now += timedelta(seconds=later)
        before = one
        one, effect = after(one, word, now)
        effects.append(effect)
        assert one is before or one.state in TRANSITIONS[before.state]
        assert before.state not in ENDED or one.state in (before.state, RechargeState.REVERSED)
    assert effects.count(Effect.DELIVERED) <= 1
    assert (Effect.DELIVERED in effects) == (one.state in (RechargeState.SUCCEEDED, RechargeState.REVERSED))
    assert effects.count(Effect.TAKEN_BACK) <= 1


@pytest.mark.parametrize("state", sorted(OPEN))
@pytest.mark.parametrize("word", [Word.UNKNOWN, Word.PROCESSING, Word.MISSING])
def test_nothing_but_a_proof_ends_what_is_out(state: RechargeState, word: Word) -> None:
    one, effect = after(recharge(state, attempt(0, state)), Heard(number_of(NAME, 0), word, "told"), START + timedelta(hours=5))
    assert (one.is_open, effect) == (True, Effect.NONE)


def test_a_word_about_another_number_is_nothing() -> None:
    one = recharge(RechargeState.PROCESSING, attempt(0, RechargeState.PROCESSING))
    assert after(one, Heard(number_of(NAME, 1), Word.SUCCEEDED, "told"), START) == (one, Effect.NONE)


def test_the_pauses_grow_and_the_last_one_repeats() -> None:
    waits = [
        recharge(RechargeState.PROCESSING, attempt(0).model_copy(update={"asked": asked})).wait_s(START + timedelta(hours=1))
        for asked in range(9)
    ]
    assert waits == [*LADDER_S, 3600, 3600]


def test_a_number_names_its_recharge_and_foreign_ones_name_none() -> None:
    assert recharge_of(number_of(NAME, 3)) == NAME
    for foreign in ("", "rch", "pay01JQ000000000000000000000000", number_of(NAME, 0)[:-1] + "٣", number_of(NAME, 0) + "0"):
        assert recharge_of(foreign) is None


def test_an_account_is_in_no_text_of_the_row() -> None:
    assert "13800138000" not in repr(recharge(RechargeState.CREATED))

"""The scorecard under generated histories."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.suppliers.scorecard import FULL, ROUTED_MIN, Counted, Event, Happened, grade_of, score


pytestmark = pytest.mark.property

BAD = (Event.BAD_CARD, Event.COMPLAINT, Event.FAILED, Event.UNKNOWN, Event.REVERSED)
happenings = st.builds(Happened, what=st.sampled_from(list(Event)), count=st.integers(0, 200), wait_s=st.integers(0, 4_000))
histories = st.lists(happenings, max_size=30)


@settings(max_examples=150)
@given(histories, st.sampled_from(BAD), st.integers(1, 100))
def test_more_of_what_is_bad_never_raises_the_score(history: list[Happened], bad: Event, more: int) -> None:
    worse = [*history, Happened(what=bad, count=more)]
    assert score(Counted.of(worse)).points <= score(Counted.of(history)).points


@settings(max_examples=150)
@given(st.data(), histories)
def test_the_sequence_of_a_history_does_not_count(data: st.DataObject, history: list[Happened]) -> None:
    assert score(Counted.of(data.draw(st.permutations(history)))) == score(Counted.of(history))


@settings(max_examples=150)
@given(histories)
def test_a_score_has_bounds_and_its_reasons_name_what_it_lost(history: list[Happened]) -> None:
    found = score(Counted.of(history))
    assert 0 <= found.points <= FULL
    assert bool(found.reasons) == (found.points < FULL)
    assert found.grade in ({grade_of(found.points)} if not Counted.of(history).is_empty else {""})


@settings(max_examples=100)
@given(st.integers(50, 5_000))
def test_eight_in_a_hundred_bad_cards_are_below_the_threshold_however_many_there_were(hundreds: int) -> None:
    bad = -(-8 * hundreds // 100)
    found = score(Counted.of([Happened(what=Event.CARD, count=hundreds - bad), Happened(what=Event.BAD_CARD, count=bad)]))
    assert found.points < ROUTED_MIN
    assert found.grade == "D"
    assert found.reasons[0].startswith(f"bad cards: {bad} of {hundreds} ")

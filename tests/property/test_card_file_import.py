"""Files made by chance go through the whole intake: a set of cards seen so far predicts every count."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faka.contexts.intake import Column, ImportState, Wish
from faka.flows.intake import seal
from tests.integration.given_intake import Shop, a_shop


pytestmark = [pytest.mark.property, pytest.mark.integration]

WISH = Wish(separator="----", columns=(Column.NUMBER, Column.SECRET, Column.EXPIRES))

cards = st.tuples(st.integers(0, 30), st.sampled_from(["", "----2027-01-01", "----2027-02-01", "----2020-01-01"]))
good = cards.map(lambda card: (f"NO-{card[0]}----s{card[0]}{card[1]}", card[0] if "2020" not in card[1] else None))
bad = st.sampled_from(["alone", "----", "a----b----c----d", "a----\x01"]).map(lambda text: (text, None))
blank = st.sampled_from(["", "  ", "\t"]).map(lambda text: (text, -1))
files = st.lists(st.lists(good | good | good | bad | blank, min_size=4, max_size=40), min_size=1, max_size=3)


def check_one(shop: Shop, lines: list[tuple[str, int | None]], seen: set[int]) -> None:
    before = shop.available()
    expected = {"new": 0, "duplicate": 0, "bad": 0}
    for _, card in lines:
        if card == -1:
            continue
        outcome = "bad" if card is None else "duplicate" if card in seen else "new"
        expected[outcome] += 1
        seen.update([card] if card is not None else [])
    job = shop.imported("\n".join(text for text, _ in lines).encode(), WISH)
    if job.state is ImportState.REFUSED:
        assert sum(expected.values()) == 0
        return
    assert job.counts.model_dump() == expected
    assert job.counts.lines == job.read.lines
    assert len(shop.problems(job)) == expected["duplicate"] + expected["bad"]
    assert shop.available() == before + expected["new"]


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(files, st.integers(1, 9))
def test_counts_add_up_for_any_file_after_any_history(made: list[list[tuple[str, int | None]]], step: int) -> None:
    with pytest.MonkeyPatch.context() as patch, a_shop() as shop:
        patch.setattr(seal, "STEP_LINES", step)
        seen: set[int] = set()
        for lines in made:
            check_one(shop, lines, seen)
        opened = shop.sold(len(seen), "ord_1") if seen else []
        assert sorted(secret for _, secret, _ in opened) == sorted(f"s{card}" for card in seen)

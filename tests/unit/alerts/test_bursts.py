"""More than a chat takes: nine messages in a minute of the clock, and one line that counts the rest."""

import pytest

from faka.contexts.alerts.store import BURST, AlertStore
from faka.flows.alert_staff import AlertsLeft
from tests.kit.crash import DyingClient, Killed
from tests.unit.alerts.given import AGAIN_S, ALL, Shop, case_message


pytestmark = pytest.mark.unit

SUMMARY_CALLS = 7
"""Case, routes, its sending, the minute, the summary's sending, its place, its end."""


@pytest.fixture
def given() -> Shop:
    return Shop()


def burst(given: Shop, count: int) -> list[str]:
    """Messages of so many cases at once; answers those that must come again."""
    cases = [given.case(f"CHANNELTXN-{n}") for n in range(count)]
    return [case.id for case in cases if not _is_done(given, case.id)]


def _is_done(given: Shop, case: str) -> bool:
    try:
        given.tell(case_message(case))
    except AlertsLeft:
        return False
    return True


def test_a_burst_is_nine_messages_and_one_line_that_counts_the_rest(given: Shop) -> None:
    left = burst(given, 46)
    assert given.staff.heard() == dict.fromkeys(ALL, BURST)
    assert len(left) == 46 - BURST
    given.clock.advance(seconds=AGAIN_S)
    assert all(_is_done(given, case) for case in left)
    assert given.staff.heard() == dict.fromkeys(ALL, BURST + 1)
    for kind in ALL:
        assert given.staff.texts(kind)[-1].startswith("And 37 more messages\n")


def test_twin_without_the_bound_the_chats_refuse_the_rest(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AlertStore.take, "__kwdefaults__", {"most": 10_000})
    burst(given, 46)
    assert given.staff.heard() == {"telegram": 20, "wecom": 20, "dingtalk": 20, "bark": 46, "mail": 46}


def test_before_its_minute_has_ended_nobody_sums_it_up(given: Shop) -> None:
    left = burst(given, BURST + 2)
    assert not any(_is_done(given, case) for case in left)
    assert given.staff.heard() == dict.fromkeys(ALL, BURST)


def test_no_sixty_seconds_have_more_than_the_chats_take_however_a_burst_lasts(given: Shop) -> None:
    left: list[str] = []
    for second in range(0, 600, 5):
        case = given.case(f"CHANNELTXN-{second}").id
        left = [one for one in [*left[:3], case] if not _is_done(given, one)] + left[3:]
        given.clock.advance(seconds=5)
    for _ in range(3):
        given.clock.advance(seconds=AGAIN_S)
        left = [one for one in left if not _is_done(given, one)]
    assert left == []
    rows = [row for row in given.rows("guard") if row["pk"] == "ALERTS#player-wecom"]
    assert max(row["n"] for row in rows) <= BURST + 1
    # The player would have said 45009 to the twenty-first within sixty seconds, and nobody would have counted it as told.
    assert given.staff.desk.calls["wecom"] == given.staff.heard()["wecom"]


def test_the_summary_is_sent_though_its_sender_dies_at_any_call_and_twice_at_most(given: Shop) -> None:
    for kind in ALL[1:]:
        given.save(given.staff.route(kind, enabled=False))
    twice = 0
    for at in range(1, SUMMARY_CALLS + 1):
        for after in (False, True):
            given.clock.advance(minutes=1)
            before = len(given.staff.texts(ALL[0]))
            [left] = [one for one in (given.case(f"{at}-{after}-{n}").id for n in range(BURST + 1)) if not _is_done(given, one)]
            given.clock.advance(seconds=AGAIN_S)
            with pytest.raises(Killed):
                given.tell(case_message(left), given.over(DyingClient(given.client, at, after=after)))
            given.clock.advance(seconds=AGAIN_S)
            assert _is_done(given, left)
            summaries = given.staff.texts(ALL[0])[before + BURST :]
            assert all(text.startswith("And 1 more") for text in summaries)
            twice += len(summaries) - 1
    assert twice == 1  # between sending and noting


def test_twin_without_the_summarys_own_row_each_that_comes_back_sends_it(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    left = burst(given, BURST + 3)
    given.clock.advance(seconds=AGAIN_S)
    real = AlertStore.sending
    known = {row["pk"] for row in given.rows("guard")}
    monkeypatch.setattr(AlertStore, "sending", lambda self, alert, route: real(self, alert, route) if f"ALERT#{alert}" in known else None)
    monkeypatch.setattr(AlertStore, "ended", lambda *_: None)
    for case in left:
        given.clock.advance(seconds=AGAIN_S)
        given.tell(case_message(case))
    assert given.staff.heard() == dict.fromkeys(ALL, BURST + 3)

"""Workers that die, hang or come in twos: everybody hears it, and nobody more than twice."""

from typing import Any

import pytest

from faka.contexts.alerts import store
from faka.contexts.alerts.store import LEASE, AlertStore
from faka.flows.alert_staff import AlertsLeft
from tests.kit.crash import DyingClient, Killed, calls_of
from tests.unit.alerts.given import AGAIN_S, ALL, ONCE, Shop, case_message


pytestmark = pytest.mark.unit


@pytest.fixture
def given() -> Shop:
    return Shop()


def test_whoever_dies_at_any_call_everybody_has_it_and_at_most_one_has_it_twice(given: Shop) -> None:
    calls = calls_of(given.client, lambda client: given.tell(case_message(given.case().id), given.over(client)))
    assert calls == 2 + 3 * len(ALL)
    twice = 0
    for at in range(1, calls + 1):
        for after in (False, True):
            given.clock.advance(seconds=AGAIN_S)
            before, case = given.staff.heard(), given.case(f"{at}-{after}")
            with pytest.raises(Killed):
                given.tell(case_message(case.id), given.over(DyingClient(given.client, at, after=after)))
            given.clock.advance(seconds=AGAIN_S)
            assert given.tell(case_message(case.id)) == 5
            got = [count - before[kind] for kind, count in given.staff.heard().items()]
            assert min(got) == 1, (at, after)
            assert sum(got) <= 6, (at, after)
            twice += sum(got) - 5
    assert twice == len(ALL)  # between sending and noting, once for each way
    assert set(given.states()) == {"SENT"}


def dies_at_bark(given: Shop) -> None:
    """The first way by name hangs until the function's time is over."""
    real = given.staff.desk.serve

    def hangs(kind: str, asked: Any) -> Any:
        if kind == "bark":
            raise Killed("bark")
        return real(kind, asked)

    given.staff.desk.serve = hangs  # type: ignore[method-assign]


def test_one_that_hangs_until_the_function_is_ended_has_its_turn_after_all_others(given: Shop) -> None:
    dies_at_bark(given)
    case = given.case()
    for _ in range(2):
        with pytest.raises(Killed):
            given.tell(case_message(case.id))
        given.clock.advance(seconds=AGAIN_S)
    assert given.staff.heard() == ONCE | {"bark": 0}


def test_twin_in_the_same_order_each_time_nobody_behind_it_hears_anything(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    dies_at_bark(given)
    monkeypatch.setattr(AlertStore, "sending", lambda *_: None)
    case = given.case()
    for _ in range(2):
        with pytest.raises(Killed):
            given.tell(case_message(case.id))
        given.clock.advance(seconds=AGAIN_S)
    assert given.staff.heard() == dict.fromkeys(ALL, 0)


def test_two_workers_with_the_same_message_send_it_once(given: Shop) -> None:
    case = given.case()
    real = given.staff.desk.serve
    seen: list[str] = []

    def meanwhile(kind: str, asked: Any) -> Any:
        if not seen:
            seen.append(kind)
            with pytest.raises(AlertsLeft, match=f"^player-{kind}$"):  # the one that is under way; all others it sends itself
                given.tell(case_message(case.id))
        return real(kind, asked)

    given.staff.desk.serve = meanwhile  # type: ignore[method-assign]
    assert given.tell(case_message(case.id)) == 5
    assert given.staff.heard() == ONCE


def test_twin_with_a_lease_of_no_time_both_send(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LEASE", 0 * LEASE)
    test = test_two_workers_with_the_same_message_send_it_once
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test(given)

"""Five ways, one alert: each gets it once, none keeps the others from it, and a burst ends in one line."""

import logging
from typing import Any

import pytest

from faka.contexts.alerts.store import AlertStore, SendState
from faka.contexts.cases import CaseKind, CaseMissing
from faka.flows import alert_staff as flow
from faka.flows.alert_staff import AlertsLeft
from faka.platform import telemetry
from tests.unit.alerts.given import AGAIN_S, ALL, ONCE, Shop, case_message
from tests.unit.alerts.test_sources import RANG, by_sns


pytestmark = pytest.mark.unit

FAULTS = ("throttle", "busy", "garbage", "redirect")


@pytest.fixture
def given() -> Shop:
    return Shop()


def test_an_opened_case_is_told_on_every_way_with_reason_and_deadline(given: Shop) -> None:
    case = given.case()
    assert given.tell(case_message(case.id)) == 5
    assert given.staff.heard() == ONCE
    for kind in ALL:
        [text] = given.staff.texts(kind)
        assert text.startswith("New case: money\npaid twice\nAbout ord_1\n")
        assert case.id in text


def test_the_same_message_again_sends_nothing(given: Shop) -> None:
    case = given.case()
    for _ in range(3):
        given.tell(case_message(case.id))
        given.clock.advance(seconds=AGAIN_S)
    assert given.staff.heard() == ONCE


def test_twin_without_the_sent_row_each_repeat_is_sent(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AlertStore, "ended", lambda *_: None)
    case = given.case()
    for _ in range(3):
        given.tell(case_message(case.id))
        given.clock.advance(seconds=AGAIN_S)
    assert given.staff.heard() == dict.fromkeys(ALL, 3)


@pytest.mark.parametrize("way", FAULTS)
def test_one_way_that_is_down_keeps_nobody_from_it_and_gets_it_when_it_is_back(given: Shop, way: str) -> None:
    for turn, kind in enumerate(ALL):
        given.staff.way(kind, way)
        case = given.case(kind)
        with pytest.raises(AlertsLeft, match=rf"^player-{kind}$"):
            given.tell(case_message(case.id))
        assert given.staff.heard() == dict.fromkeys(ALL, turn + 1) | {kind: turn}
        given.staff.way(kind, "")
        given.clock.advance(seconds=AGAIN_S)
        assert given.tell(case_message(case.id)) == 5
        assert given.staff.heard() == dict.fromkeys(ALL, turn + 1)


def test_twin_without_its_own_frame_the_first_that_is_down_silences_the_rest(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_is_told", flow._told)
    given.staff.way("bark", "busy")  # the first by name
    with pytest.raises(Exception, match="503"):
        given.tell(case_message(given.case().id))
    assert given.staff.heard() == dict.fromkeys(ALL, 0)


def test_a_foreign_error_of_one_way_is_its_own_too(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = flow.tried

    def breaks(deps: Any, route: Any, *more: Any) -> Any:
        if route.kind == "bark":
            raise ZeroDivisionError("13800138000")
        return real(deps, route, *more)

    monkeypatch.setattr(flow, "tried", breaks)
    with pytest.raises(AlertsLeft, match=r"^player-bark$"):
        given.tell(case_message(given.case().id))
    assert given.staff.heard() == ONCE | {"bark": 0}


def test_a_line_that_is_cut_may_send_twice_and_never_loses(given: Shop) -> None:
    given.staff.way("wecom", "cut")
    case = given.case()
    with pytest.raises(AlertsLeft):
        given.tell(case_message(case.id))
    given.staff.way("wecom", "")
    given.clock.advance(seconds=AGAIN_S)
    given.tell(case_message(case.id))
    assert given.staff.heard() == ONCE | {"wecom": 2}


def test_a_refusal_is_counted_and_not_repeated_and_the_others_have_it(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr(telemetry, "count", lambda name, value=1: counted.append(name))
    for turn, kind in enumerate(ALL):
        given.staff.way(kind, "refuse")
        case = given.case(kind)
        for _ in range(3):
            assert given.tell(case_message(case.id)) == 5
            given.clock.advance(seconds=AGAIN_S)
        given.staff.way(kind, "")
        assert counted == ["AlertsRefused"] * (turn + 1)
    assert given.staff.heard() == dict.fromkeys(ALL, len(ALL) - 1)
    assert sorted(given.states().elements()) == ["REFUSED"] * 5 + ["SENT"] * 20


def test_a_refusal_opens_no_case_and_its_own_alarm_ends_with_itself(given: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case would be told here again; an alarm rings once and is refused once more by the route that it is about."""
    counted: list[str] = []
    monkeypatch.setattr(telemetry, "count", lambda name, value=1: counted.append(name))
    given.staff.way("wecom", "refuse")
    given.tell(case_message(given.case().id))
    rows = given.rows("trade")
    given.tell(by_sns(RANG | {"AlarmDescription": "infra/runbooks/alerts-refused.md"}))
    assert given.rows("trade") == rows
    assert counted == ["AlertsRefused"] * 2
    assert given.staff.heard() == dict.fromkeys(ALL, 2) | {"wecom": 0}


def test_keys_that_are_missing_are_a_refusal(given: Shop) -> None:
    given.save(given.staff.route("wecom", id="other"))
    given.tell(case_message(given.case().id))
    assert given.sendings()["other"] == "REFUSED"
    assert given.staff.heard() == ONCE


# -- who wants what ---------------------------------------------------------------------------------------------------


def test_a_route_gets_what_it_wants_and_a_closed_one_nothing(given: Shop) -> None:
    given.save(given.staff.route("mail", what=("refund", "alarm")))
    given.save(given.staff.route("bark", enabled=False))
    given.tell(case_message(given.case().id))
    assert given.staff.heard() == ONCE | {"mail": 0, "bark": 0}
    given.tell(by_sns(RANG))
    assert given.staff.heard() == {"telegram": 2, "wecom": 2, "dingtalk": 2, "bark": 0, "mail": 1}


def test_a_case_that_was_closed_meanwhile_is_nobodys_news(given: Shop) -> None:
    case = given.case()
    given.deps.tables.apply(given.deps.cases.closed(case.id, "done"))
    assert given.tell(case_message(case.id)) == 0


def test_a_case_that_is_opened_again_is_told_again(given: Shop) -> None:
    case = given.case()
    given.tell(case_message(case.id))
    given.clock.advance(minutes=5)
    again = case.model_copy(update={"opened_at": given.clock.now(), "reason": "another thing"})
    given.deps.tables.apply(given.deps.cases.reopened(again))
    given.tell(case_message(case.id))
    assert given.staff.heard() == dict.fromkeys(ALL, 2)


def test_a_case_that_nobody_opened_is_not_believed(given: Shop) -> None:
    with pytest.raises(CaseMissing):
        given.tell(case_message("case_money_made-up"))


# -- nothing leaks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["", "refuse", "cut", *FAULTS])
def test_no_key_stands_in_a_line_or_a_row(
    given: Shop, way: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in ALL:
        given.staff.way(kind, way)
    if way not in ("", "refuse"):
        with pytest.raises(AlertsLeft):
            given.tell(case_message(given.case().id))
    else:
        given.tell(case_message(given.case().id))
    read = capsys.readouterr()
    written = caplog.text + read.out + read.err + "".join(str(record.__dict__) for record in caplog.records)
    assert bool(caplog.records) == (way != "")
    rows = str(given.rows("catalog", "trade", "guard", "journal"))
    assert not any(key in written or key in rows for key in given.staff.every_key())
    assert CaseKind.MONEY.value in rows
    assert SendState.SENT.is_done

"""What comes to the worker that tells staff, and what chats answer: read as one of the known things, or refused in our own words."""

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from faka.contexts.alerts import base, sources
from faka.contexts.alerts.base import AlertNotTaken, Refused, Taken
from faka.contexts.alerts.model import TITLE_MAX, Alert, cut, plain
from faka.contexts.alerts.sources import CaseOpened, Unreadable, read
from faka.contexts.alerts.words import written
from infra.local.actors.staff import KINDS
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.unit.alerts.given import english
from tests.unit.alerts.test_adapters import PROTOCOLS, TAKEN
from tests.unit.alerts.test_sources import RANG, TOUCHED, by_sns


pytestmark = pytest.mark.property

ODD: list[Any] = [None, True, 0, 1.5, -1, 10**30, "", "x", "a\nb", "\ud800", "{0}", "x" * 400, [], {}, ["x"], {"case_id": "case_money_1"}]
PLACES = [
    "AlarmName",
    "AlarmDescription",
    "NewStateValue",
    "StateChangeTime",
    "source",
    "detail-type",
    "detail",
    "id",
    "time",
    "Type",
    "Message",
]
TIMES = ["2026-11-25T21:05:01.123+0000", "2026-11-25", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-W48-3"]
CHANGES = st.dictionaries(st.sampled_from(PLACES), st.sampled_from([*ODD, *TIMES]), max_size=3)
ALARMS = st.builds(lambda changes: by_sns(json.dumps({**RANG, **changes})), CHANGES)
EVENTS = st.builds(lambda changes: by_sns(json.dumps({**TOUCHED, **changes})), CHANGES)
CASES = st.builds(
    lambda name, changes: json.dumps({"source": "faka.trade", "detail-type": "case.opened", "detail": {"case_id": name}, **changes}),
    st.sampled_from(ODD),
    CHANGES,
)
LOOSE = st.text(max_size=60) | st.sampled_from(["[" * 5_000, "NaN", "1" * 5_000, '{"Type":"Notification","Message":"1e999"}'])
BODIES = ALARMS | EVENTS | CASES | LOOSE


def is_read_or_unreadable(body: str) -> None:
    try:
        told = read(body)
    except Unreadable:
        return refused("alert message")
    if isinstance(told, CaseOpened):
        assert told.case_id.isprintable()
        assert 0 < len(told.case_id) <= sources.CASE_ID_MAX
        return None
    assert isinstance(told, Alert)
    message = written(told, english, "en")
    assert message.title == plain(message.title, TITLE_MAX)
    assert len(message.text.encode()) < 4_000
    assert message.text.count("\n") == 1
    return None


def test_any_message_is_read_or_unreadable_and_what_is_told_is_bounded() -> None:
    fuzz("alert message", is_read_or_unreadable, BODIES, examples=1_000)


def test_twin_a_reader_that_takes_any_value_for_a_text_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_text", lambda values, name: values.get(name))
    assert finds(is_read_or_unreadable, BODIES, examples=300)


NAMES = ["ok", "errcode", "code", "error_code", "result", "description", "errmsg", "message"]
VALUES = st.sampled_from([*ODD, 0.0, False, 200, 200.0, 400, 429, 45009, 93000, 130101, 310000, "0", "ok"])
ANSWERS = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from([200, 201, 204, 301, 302, 400, 403, 429, 500, 503]),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4).map(json.dumps)
    | st.sampled_from([json.dumps(one) for one in TAKEN.values()])
    | LOOSE,
)


def is_judged(given: tuple[str, int, str]) -> None:
    kind, status, text = given
    try:
        verdict = PROTOCOLS[kind]().verdict(status, text.encode("utf-8", "surrogatepass"))
    except AlertNotTaken:
        return refused("alert answer")
    if isinstance(verdict, Refused):
        assert verdict.code.isdigit()
        assert len(verdict.said) <= base.SAID_MAX
        assert verdict.said.isprintable()
        return None
    assert verdict == Taken()
    ((name, value),) = [(name, value) for name, value in TAKEN[kind].items() if name != "result"]
    found = json.loads(text)[name]
    assert (status, found, type(found)) == (200, value, type(value))
    return None


def test_only_the_documented_word_of_success_is_success_whatever_stands_beside_it() -> None:
    fuzz("alert answer", is_judged, ANSWERS, examples=1_500)


def test_twin_a_code_that_may_be_any_number_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in KINDS:
        place = f"faka.contexts.alerts.adapters.{kind}.code_of"
        monkeypatch.setattr(place, lambda answer, name: answer.get(name))
    assert finds(is_judged, ANSWERS, examples=1_500)


def is_cut_well(given: tuple[str, int]) -> None:
    text, most = given
    found = cut(text, most)
    assert len(found.encode()) <= max(most, len("…".encode()))
    assert found == text or text.startswith(found.removesuffix("…"))


def test_a_text_is_cut_on_a_letter_wherever_it_ends() -> None:
    fuzz("alert text", is_cut_well, st.tuples(st.text(st.characters(codec="utf-8"), max_size=60), st.integers(3, 90)), examples=400)

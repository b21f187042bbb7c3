"""Ways to staff from a terminal: saved closed, given their keys, tested, opened."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from faka.contexts.alerts.model import AlertRoute
from faka.contexts.alerts.store import ROUTES_MAX, TooManyRoutes
from faka.contexts.alerts.words import TOPICS
from faka.contexts.cases import CaseKind
from infra.ops import alerts
from infra.ops.shop import names_of
from pages.i18n import translate
from tests.unit.alerts.given import ALL, Shop


pytestmark = pytest.mark.integration


@pytest.fixture
def given() -> Shop:
    return Shop()


class Desk:
    """An operator's terminal."""

    def __init__(self, given: Shop, capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given, self._capsys, self._place, self._patch = given, capsys, place, monkeypatch

    def type(self, *words: str, typed: str = "") -> tuple[int, str]:
        self._capsys.readouterr()
        self._patch.setattr(sys, "stdin", io.StringIO(typed))
        code = alerts.main([*words], self.given.deps)
        read = self._capsys.readouterr()
        return code, read.out + read.err

    def save(self, **row: Any) -> tuple[int, str]:
        file = self._place / "route.yaml"
        file.write_text(yaml.safe_dump(row))
        return self.type("save", str(file))


@pytest.fixture
def desk(given: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(given, capsys, tmp_path, monkeypatch)


def test_the_test_of_a_route_says_what_the_other_side_answered_and_no_key(desk: Desk) -> None:
    staff = desk.given.staff
    for kind in ALL:
        assert desk.type("test", f"player-{kind}") == (0, f"player-{kind}: taken by {kind}\n")
        assert staff.texts(kind) == [f"通知渠道 player-{kind} 测试\n这是一条测试消息，无需处理。"]
        for way in ("refuse", "throttle", "busy", "garbage", "redirect", "cut"):
            staff.way(kind, way)
            code, said = desk.type("test", f"player-{kind}")
            assert (code, said.count("\n")) == (1, 1)
            assert not any(key in said for key in staff.every_key())
            assert said.startswith("route_refused: ") == (way == "refuse")


def test_what_a_provider_says_of_a_refusal_is_shown(desk: Desk) -> None:
    desk.given.staff.way("dingtalk", "refuse")
    assert desk.type("test", "player-dingtalk")[1] == "route_refused: player-dingtalk: 310000 sign not match\n"


def test_a_route_is_saved_closed_gets_its_keys_is_tested_and_opened(desk: Desk) -> None:
    given = desk.given
    code, said = desk.save(id="night", kind="wecom", gateway="http://127.0.0.1:4601/wecom", locale="en", what=["alarm", "money"])
    assert code == 0
    assert "closed" in said
    assert desk.type("test", "night") == (1, "route_refused: night: keys key is missing or no such key\n")
    keys = json.dumps(dict(given.staff.keys.of("wecom")))
    assert desk.type("secret", "night", typed=keys) == (0, "night: put away\n")
    assert desk.type("test", "night") == (0, "night: taken by wecom\n")
    assert "open" in desk.type("open", "night")[1]
    desk.save(id="night", kind="wecom", gateway="http://127.0.0.1:4601/wecom", what=["refund"])
    assert "open" in desk.type("list")[1].splitlines()[0]  # by name; a change of the file leaves it open
    assert "closed" in desk.type("close", "night")[1]


@pytest.mark.parametrize("typed", ["", "[]", '{"key": 7}', '{"token": "abcdefgh"}', '{"key": "abcdefgh", "more": "x"}', "{", "x" * 5_000])
def test_keys_of_another_shape_are_not_put_away_and_not_repeated(desk: Desk, typed: str) -> None:
    code, said = desk.type("secret", "player-wecom", typed=typed)
    assert (code, said) == (1, "invalid_request: a secret of wecom is a JSON object of key\n")


@pytest.mark.parametrize(
    "row",
    [
        {"id": "one", "kind": "wecom", "key": "5d1f-own-key"},
        {"id": "one", "kind": "wecom", "enabled": True},
        {"id": "one", "kind": "wecom", "what": ["weather"]},
        {"id": "one", "kind": "telegram", "target": "5d1f-own-key/.."},
        {"kind": "wecom"},
    ],
)
def test_a_file_that_is_no_route_is_refused_without_its_values(desk: Desk, row: dict[str, Any]) -> None:
    code, said = desk.save(**row)
    assert code == 1
    assert "5d1f-own-key" not in said


def test_unknown_routes_and_too_many_of_them_are_refused(desk: Desk) -> None:
    assert desk.type("test", "nobody")[1].startswith("route_missing")
    for number in range(ROUTES_MAX - len(ALL)):
        assert desk.save(id=f"more-{number}", kind="bark")[0] == 0
    assert desk.save(id="too-many", kind="bark")[1].startswith("too_many_routes")
    assert desk.save(id="more-0", kind="bark")[0] == 0
    with pytest.raises(TooManyRoutes):
        desk.given.deps.alerts.saved(AlertRoute.model_validate({"id": "too-many", "kind": "bark"}))


def test_every_kind_of_case_has_a_word_in_both_languages() -> None:
    assert set(TOPICS) == {kind.lower() for kind in CaseKind}
    assert all(translate("zh_CN", word) != word for word in TOPICS.values())


def test_a_command_sends_in_the_name_that_the_stack_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of the three calls: there is none of this service for tests."""
    resources = [{"LogicalResourceId": name, "PhysicalResourceId": f"faka-{name}"} for name in ("IntakeQueue", "AlertQueue")]
    told = [{"ParameterKey": "MailFrom", "ParameterValue": "shop@faka.example"}, {"ParameterKey": "Stage", "ParameterValue": "prod"}]
    here = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=lambda StackName: [{"StackResourceSummaries": resources}]),
        describe_stacks=lambda StackName: {"Stacks": [{"StackName": StackName, "Parameters": told}]},
    )
    monkeypatch.setattr("infra.ops.shop.aws.client", lambda _: here)
    assert names_of("faka") == {"FAKA_QUEUE_INTAKE": "faka-IntakeQueue", "FAKA_MAIL_FROM": "shop@faka.example"}

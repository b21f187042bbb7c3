"""Staff's ways from a terminal, and the function from queue to chat: what is repeated, what is given up, what a log holds."""

import importlib.util
import io
import json
import logging
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from faka.contexts.alerts.model import AlertRoute
from faka.contexts.alerts.store import ROUTES_MAX, TooManyRoutes
from faka.contexts.alerts.words import TOPICS
from faka.contexts.cases import CaseKind
from faka.flows.alert_staff import alert_staff
from faka.kernel.errors import Broken
from faka.platform import telemetry
from infra.ops import alerts
from infra.ops.shop import names_of
from infra.tools.expand import expand
from infra.tools.template import ROOT, Template
from pages.i18n import translate
from tests.unit.alerts.given import ALL, Shop, case_message
from tests.unit.alerts.test_sources import FORGED, RANG, by_sns


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


# -- the terminal -----------------------------------------------------------------------------------------------------


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


def test_a_case_reads_chinese_where_nobody_asked_for_english(given: Shop) -> None:
    given.save(given.staff.route("mail", locale="en"))
    case = given.case()
    alert_staff(given.deps, case_message(case.id), translate)
    assert given.staff.texts("wecom")[0].startswith("新工作单：资金\npaid twice\n对象：ord_1\n工作单：")
    assert given.staff.texts("mail")[0].startswith("New case: money\npaid twice\n")


# -- the function -----------------------------------------------------------------------------------------------------


@pytest.fixture
def function(given: Shop, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The real handler, over the shop of the test."""
    for name, value in {
        **{f"FAKA_TABLE_{table}": f"test-{table.lower()}" for table in ("CATALOG", "TRADE", "GUARD")},
        "FAKA_MAIL_FROM": "shop@faka.example",
        "POWERTOOLS_SERVICE_NAME": "alerts",
        "POWERTOOLS_METRICS_NAMESPACE": "faka",
    }.items():
        monkeypatch.setenv(name, value)
    place = importlib.util.spec_from_file_location("alerts_app", ROOT / "functions/alerts/app.py")
    assert place is not None
    assert place.loader is not None
    app = importlib.util.module_from_spec(place)
    place.loader.exec_module(app)
    app.deps = given.deps  # type: ignore[attr-defined]
    return app


@pytest.fixture
def lines(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the function's logger writes, whichever test made it."""
    del function
    written = io.StringIO()
    for handler in logging.getLogger(telemetry.logger().service).handlers:
        monkeypatch.setattr(handler, "stream", written, raising=False)
    return written


ARN = "arn:aws:lambda:us-east-1:123456789012:function:alerts"
CONTEXT = SimpleNamespace(function_name="alerts", memory_limit_in_mb=512, invoked_function_arn=ARN, aws_request_id="r")


def failures(app: ModuleType, *bodies: str) -> list[str]:
    """The numbers of the messages that come again."""
    records = [{"messageId": str(number), "body": body, "eventSource": "aws:sqs"} for number, body in enumerate(bodies)]
    return [one["itemIdentifier"] for one in app.handler({"Records": records}, CONTEXT)["batchItemFailures"]]


def test_one_bad_message_comes_again_alone_and_the_worker_lives(given: Shop, function: ModuleType) -> None:
    case = given.case()
    bodies = [*FORGED[:6], case_message(case.id), *FORGED[6:], by_sns(RANG), case_message("case_money_made-up")]
    good = {str(bodies.index(body)) for body in (case_message(case.id), by_sns(RANG))}
    assert set(failures(function, *bodies)) == {str(number) for number in range(len(bodies))} - good
    assert given.staff.heard() == dict.fromkeys(ALL, 2)


@pytest.mark.parametrize("way", ["", "refuse", "throttle", "busy", "garbage", "redirect", "cut"])
def test_no_line_and_no_row_holds_a_key_or_what_the_other_side_said(
    given: Shop, function: ModuleType, way: str, lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ALL:
        given.staff.way(kind, way)
    again = failures(function, case_message(given.case().id))
    written, figures = lines.getvalue(), capsys.readouterr().out
    assert bool(again) == (way not in ("", "refuse"))
    assert ("alert_not_taken" in written, "alert_refused" in written) == (way not in ("", "refuse"), way == "refuse")
    assert ("AlertsRefused" in figures) == (way == "refuse")
    rows = str(given.rows("catalog", "trade", "guard", "journal"))
    for word in (*given.staff.every_key(), "sign not match", "<html>", "from database"):
        assert word not in written + figures
        assert word not in rows


def test_twin_an_error_that_carried_the_address_would_be_seen(
    given: Shop, function: ModuleType, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carries(method: str, url: str, **_: Any) -> Any:
        raise Broken(f"{method} {url}")

    monkeypatch.setattr(given.staff, "request", carries)
    failures(function, case_message(given.case().id))
    assert given.staff.keys.of("wecom")["key"] in lines.getvalue()
    assert given.staff.keys.of("telegram")["token"] in lines.getvalue()


# -- topic to queue ---------------------------------------------------------------------------------------------------


def test_the_alarm_topic_reaches_the_queue_by_the_template_and_what_arrives_is_told(given: Shop) -> None:
    """The subscription as the template has it, on the services' model: its envelope is what the flow reads."""
    own = expand(Template())["Resources"]
    subscription = own["AlertTopicSubscription"]["Properties"]
    assert subscription["Protocol"] == "sqs"
    assert "RawMessageDelivery" not in subscription
    with mock_aws():
        sns, sqs = boto3.client("sns", region_name="us-east-1"), boto3.client("sqs", region_name="us-east-1")
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        queue = sqs.create_queue(QueueName="alerts")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol=subscription["Protocol"], Endpoint=arn)
        sns.publish(TopicArn=topic, Subject="ALARM", Message=json.dumps(RANG))
        [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert given.tell(message["Body"]) == 5
    assert given.staff.texts("bark")[0].startswith("Alarm: stuck orders")


def test_rule_topic_and_nobody_else_may_put_messages_into_the_queue() -> None:
    own = expand(Template())["Resources"]
    lets = own["AlertQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [(each["Principal"]["Service"], str(each["Condition"]["ArnEquals"]["aws:SourceArn"])) for each in lets] == [
        ("events.amazonaws.com", str({"Fn::GetAtt": ["AlertsRule", "Arn"]})),
        ("sns.amazonaws.com", str({"Ref": "AlarmTopic"})),
    ]
    key = own["TableKey"]["Properties"]["KeyPolicy"]["Statement"]
    [feeds] = [each for each in key if each["Principal"] == {"Service": "sns.amazonaws.com"}]
    assert str(feeds["Condition"]["ArnEquals"]["aws:SourceArn"]).endswith("-alarms'}")


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

"""The function from queue to chat: what is repeated, what is given up, what a log holds; and the one way out."""

import importlib.util
import io
import json
import logging
import threading
import traceback
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from faka.contexts.alerts import opened
from faka.contexts.alerts.base import Taken
from faka.contexts.alerts.model import AlertRoute
from faka.flows.alert_staff import alert_staff
from faka.kernel.errors import Broken, Unavailable
from faka.kernel.secret import Secret
from faka.platform import telemetry
from faka.platform.outbound import Outbound
from faka.platform.real import SystemClock
from infra.local.actors.keys import new_keys
from infra.local.actors.server import Server, create_server
from infra.local.actors.staff import KINDS
from infra.tools.expand import expand
from infra.tools.template import ROOT, Template
from pages.i18n import translate
from tests.unit.alerts.given import ALL, MESSAGE, Mailbox, Shop, case_message
from tests.unit.alerts.test_sources import FORGED, RANG, by_sns


pytestmark = pytest.mark.integration


@pytest.fixture
def given() -> Shop:
    return Shop()


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


# -- the one way out --------------------------------------------------------------------------------------------------


@pytest.fixture
def players() -> Iterator[Server]:
    """The players as processes of the local cloud have them: behind HTTP."""
    server = create_server(0, None, keys=new_keys())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("kind", KINDS)
def test_over_the_guarded_client_a_redirect_is_not_followed_and_no_error_has_an_address(players: Server, kind: str) -> None:
    desk = players.players.staff
    facts = desk.route(kind)
    route = AlertRoute.model_validate({name: value for name, value in facts.items() if name != "secret"})
    keys = {name: Secret(value) for name, value in facts["secret"].items()}
    sender = opened(route, lambda: [keys], Outbound(allows_loopback=True), Mailbox, SystemClock())
    assert sender.send(MESSAGE) == Taken()
    for way in ("redirect", "cut", "garbage"):
        desk.ways[kind] = way
        with pytest.raises(Unavailable) as caught:
            sender.send(MESSAGE)
        told = "".join(traceback.format_exception(caught.value))
        assert not any(value in told for value in facts["secret"].values())
    assert desk.calls[kind] == 4


def test_a_route_to_this_machine_is_not_called_by_a_deployed_shop(players: Server) -> None:
    facts = players.players.staff.route("wecom")
    route = AlertRoute.model_validate({name: value for name, value in facts.items() if name != "secret"})
    sender = opened(route, lambda: [{"key": Secret(facts["secret"]["key"])}], Outbound(), Mailbox, SystemClock())
    with pytest.raises(Broken, match="may not be called"):
        sender.send(MESSAGE)
    assert players.players.staff.calls["wecom"] == 0


def test_a_case_reads_chinese_where_nobody_asked_for_english(given: Shop) -> None:
    given.save(given.staff.route("mail", locale="en"))
    case = given.case()
    alert_staff(given.deps, case_message(case.id), translate)
    assert given.staff.texts("wecom")[0].startswith("新工作单：资金\npaid twice\n对象：ord_1\n工作单：")
    assert given.staff.texts("mail")[0].startswith("New case: money\npaid twice\n")


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

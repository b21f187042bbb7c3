"""What comes out of the queue: two services feed it, and whatever else stands there is turned away without a word of it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from faka.contexts.alerts.model import ALARM, Alert, cut, plain
from faka.contexts.alerts.sources import CaseOpened, Unreadable, read
from faka.contexts.alerts.words import written
from tests.unit.alerts.given import case_message, english


pytestmark = pytest.mark.unit

RANG: dict[str, Any] = {
    "AlarmName": "faka-prod-StuckOrdersAlarm-1A2B3C",
    "AlarmDescription": "infra/runbooks/stuck-orders.md",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 3 datapoints [2.0 (25/11/26 21:02:00)] were greater than the threshold (0.0). 13800138000",
    "StateChangeTime": "2026-11-25T21:05:01.123+0000",
    "Region": "US East (N. Virginia)",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:faka-prod-StuckOrdersAlarm-1A2B3C",
    "OldStateValue": "OK",
    "Trigger": {"MetricName": "StuckOrders", "Namespace": "faka", "Threshold": 0.0},
}
"""As CloudWatch writes it; somebody who may set an alarm's state chooses the reason."""

TOUCHED: dict[str, Any] = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "AWS API Call via CloudTrail",
    "source": "aws.kms",
    "time": "2026-11-25T21:05:01Z",
    "detail": {"eventSource": "kms.amazonaws.com", "eventName": "DisableKey", "userIdentity": {"userName": "somebody"}},
}


def by_sns(message: Any) -> str:
    """The envelope that a queue gets without raw delivery."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:faka-prod-alarms",
            "Subject": 'ALARM: "…" in US East (N. Virginia)',
            "Message": message if isinstance(message, str) else json.dumps(message),
            "Timestamp": "2026-11-25T21:05:01.456Z",
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
        }
    )


def told(message: Any) -> Alert:
    found = read(by_sns(message))
    assert isinstance(found, Alert)
    return found


def test_an_alarm_is_told_by_its_page_with_its_time_and_not_with_its_reason() -> None:
    alert = told(RANG)
    message = written(alert, english, "en")
    assert message.title == "Alarm: stuck orders"
    assert message.text == "stuck orders has been ringing since 2026-11-26 05:05 (UTC+8).\nWhat to do: infra/runbooks/stuck-orders.md"
    assert (alert.topic, alert.is_urgent) == (ALARM, True)
    assert "13800138000" not in message.whole


def test_an_alarm_without_a_page_is_told_by_its_name() -> None:
    assert written(told(RANG | {"AlarmDescription": None}), english, "en").title == f"Alarm: {RANG['AlarmName']}"
    assert "evil" not in written(told(RANG | {"AlarmDescription": "see https://evil.test"}), english, "en").whole


def test_each_ringing_is_one_alert_and_its_end_another() -> None:
    first = told(RANG)
    assert told(RANG | {"NewStateReason": "other words"}).id == first.id
    assert told(RANG | {"StateChangeTime": "2026-11-25T22:05:01.123+0000"}).id != first.id
    over = told(RANG | {"NewStateValue": "OK"})
    assert over.id != first.id
    assert not over.is_urgent
    assert written(over, english, "en").title == "Over: stuck orders"


def test_a_touched_key_is_told_without_who_did_it() -> None:
    message = written(told(TOUCHED), english, "en")
    assert message.title == "A key was touched: DisableKey"
    assert "somebody" not in message.whole.replace("Somebody called", "")


def test_a_case_is_its_id_alone() -> None:
    assert read(case_message("case_money_CHANNELTXN#alipay#1")) == CaseOpened(case_id="case_money_CHANNELTXN#alipay#1")


FORGED = [
    "",
    "null",
    "[]",
    "7",
    '"case.opened"',
    "{",
    "[" * 100_000,
    "{}",
    json.dumps({"source": "faka.trade", "detail-type": "order.paid", "detail": {"order_id": "ord_1"}}),
    json.dumps({"source": "evil", "detail-type": "case.opened", "detail": {"case_id": "case_money_1"}}),
    *(json.dumps({"source": "faka.trade", "detail-type": "case.opened", "detail": detail}) for detail in (None, [], {}, {"case_id": 7})),
    *(case_message(name) for name in ("", "x" * 301, "case\nmoney", "case\x00")),
    *(by_sns(message) for message in ("", "hello", "[]", "{}", {"Type": "Notification"}, "{" * 100_000)),
    *(
        by_sns({**RANG, **change})
        for change in (
            {"AlarmName": ""},
            {"AlarmName": []},
            {"NewStateValue": "FINE"},
            {"NewStateValue": "INSUFFICIENT_DATA"},
            {"StateChangeTime": "soon"},
        )
    ),
    *(by_sns({**TOUCHED, **change}) for change in ({"source": "aws.s3"}, {"detail": []}, {"detail": {}}, {"id": None}, {"time": 5})),
    json.dumps({"Type": "Notification", "Message": {"AlarmName": "x"}}),
    json.dumps({"Type": "SubscriptionConfirmation", "SubscribeURL": "https://evil.test/"}),
    by_sns({**RANG, "more": "x" * 70_000}),
    by_sns({**RANG, "NewStateValue": "INSUFFICIENT_DATA"}),
    by_sns({**RANG, "AlarmName": "\ud800"}),
    *(by_sns({**TOUCHED, "time": time}) for time in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")),
]


@pytest.mark.parametrize("body", FORGED, ids=range(len(FORGED)))
def test_anything_else_is_unreadable_and_quoted_nowhere(body: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 60


def test_one_line_is_one_line_without_half_letters() -> None:
    assert plain("a\r\nb\t\x00c\u2028d  e") == "a b c d e"
    assert plain("ab\ud83dcd") == "abcd"
    assert len(plain("长" * 10_000)) == 300


@pytest.mark.parametrize("most", range(3, 40))
def test_a_cut_falls_between_letters(most: int) -> None:
    text = "a题é😀b"[: most % 5 + 1] * 9
    found = cut(text, most)
    assert len(found.encode()) <= most
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))


def test_facts_with_braces_stay_what_they_are() -> None:
    alert = Alert(id="alt_1", topic="money", title="{a}", text="{a} {b}", facts={"a": "{b}", "b": "{0.__class__}"})
    assert written(alert, english, "en").text == "{b} {0.__class__}"


def test_times_without_a_zone_are_utc() -> None:
    assert told(RANG | {"StateChangeTime": "2026-11-25T21:05:01"}).facts["at"] == told(RANG).facts["at"]
    assert datetime(2026, 11, 25, 21, 5, tzinfo=UTC).isoformat()

"""From a commit and from an alarm to five ways, on the local cloud with every role enforced: stream, relay, bus, topic, queue, function."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from faka.contexts.alerts.model import AlertRoute
from faka.contexts.cases import CaseKind, open_case
from faka.kernel.secret import Secret
from faka.wiring import Deps, ShopSettings
from infra.local.actors.keys import Keys, create_keys
from infra.local.actors.staff import KINDS, StaffDesk
from tests.kit.local import LocalCloud, running


pytestmark = pytest.mark.e2e

MAILBOX = "night-shift@faka.example"
WAIT_S_MAX = 60


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("shop"), "--enforce") as cloud:
        yield cloud


def heard(cloud: LocalCloud) -> dict[str, list[str]]:
    """What arrived, by way."""
    with urllib.request.urlopen(f"{cloud.players}/_staff", timeout=10) as answer:
        chats: dict[str, list[str]] = json.loads(answer.read())
    with urllib.request.urlopen(f"{cloud.endpoint}/_ministack/ses/messages", timeout=10) as answer:
        boxes = json.loads(answer.read())["messages"]
    letters = [mail for box in boxes.values() for mail in box if MAILBOX in json.dumps(mail)]
    return chats | {"mail": [json.dumps(mail, ensure_ascii=False) for mail in letters]}


def until(cloud: LocalCloud, is_there: Callable[[list[str]], bool]) -> dict[str, list[str]]:
    end = time.monotonic() + WAIT_S_MAX
    found = heard(cloud)
    while not all(map(is_there, found.values())) and time.monotonic() < end:
        time.sleep(0.2)
        found = heard(cloud)
    return found


def keys_of(cloud: LocalCloud) -> Keys:
    """Those that the players have."""
    [file] = cloud.state.rglob("keys.json")
    return create_keys(file.parent)


def open_routes(cloud: LocalCloud, deps: Deps) -> None:
    desk = StaffDesk(keys_of(cloud).of, cloud.players, time.time)
    for kind in KINDS:
        facts = desk.route(kind)
        route = AlertRoute.model_validate({name: value for name, value in facts.items() if name != "secret"})
        deps.secrets.write(route.secret_name, {name: Secret(value) for name, value in facts["secret"].items()})
        deps.tables.apply(deps.alerts.saved(route))
    mail = {"id": "night-shift", "kind": "mail", "target": MAILBOX, "enabled": True, "locale": "en"}
    deps.tables.apply(deps.alerts.saved(AlertRoute.model_validate(mail)))


def tell_many_times(cloud: LocalCloud, case: str) -> None:
    """The same event ten times more, as a queue may; returns when each copy has met a worker."""
    sqs, queue = cloud.client("sqs"), cloud.deployed()["AlertQueue"]
    body = json.dumps({"source": "faka.trade", "detail-type": "case.opened", "detail": {"case_id": case}})
    for _ in range(10):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    end = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < end:
        waiting = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        if waiting["ApproximateNumberOfMessages"] == "0":
            return
        time.sleep(0.1)
    raise AssertionError("the queue is not read")


def test_a_case_and_an_alarm_reach_all_five_once(cloud: LocalCloud) -> None:
    with cloud.here() as environment:
        deps = Deps(ShopSettings.from_env(environment))
        open_routes(cloud, deps)
        case = open_case(CaseKind.MONEY, "CHANNELTXN-1", "ord_1", "paid twice", deps.clock.now())
        deps.tables.apply(deps.cases.opened(case))
        found = until(cloud, lambda texts: len(texts) > 0)
        assert {kind: len(texts) for kind, texts in found.items()} == dict.fromkeys((*KINDS, "mail"), 1)
        assert found["wecom"][0].startswith("新工作单：资金\npaid twice\n")
        assert "New case: money" in found["mail"][0]

        alarm = cloud.deployed()["StuckOrdersAlarm"]
        cloud.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="13800138000")
        found = until(cloud, lambda texts: len(texts) > 1)
        assert {kind: len(texts) for kind, texts in found.items()} == dict.fromkeys((*KINDS, "mail"), 2)
        assert found["dingtalk"][1].startswith("告警：stuck orders\n")
        assert "13800138000" not in json.dumps(found)
        again = open_case(CaseKind.REFUND, "rfd_1", "ord_2", "failed at the provider", deps.clock.now())
        deps.tables.apply(deps.cases.opened(again))
        tell_many_times(cloud, again.id)
        found = until(cloud, lambda texts: len(texts) > 2)
        assert {kind: len(texts) for kind, texts in found.items()} == dict.fromkeys((*KINDS, "mail"), 3)
    assert '"service":"alerts"' in cloud.log("alerts").replace(" ", "")
    assert "alert_not_taken" not in cloud.log("alerts")
    assert not any(key in cloud.log("alerts") for kind in KINDS for key in keys_of(cloud).of(kind).values())

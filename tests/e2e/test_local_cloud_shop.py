"""The real template on the local cloud, roles enforced: a whole sale, the same answers on both ways, and a restart."""

import json
import re
import time
import urllib.request
from collections.abc import Iterator

import pytest

from faka.platform.table import TableName, insert
from infra.local.demo_buy import Bought, NoSale, buy
from infra.local.headless import Visitor
from tests.e2e.test_local_cloud import ask
from tests.kit.local import LocalCloud, MiniStackTables, ministack, ministack_tables, running, start


__all__ = ["ministack", "ministack_tables"]
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with running(tmp_path_factory.mktemp("shop"), "--enforce") as cloud:
        yield cloud


@pytest.fixture(scope="module")
def visitor() -> Visitor:
    return Visitor()


@pytest.fixture(scope="module")
def bought(cloud: LocalCloud, visitor: Visitor) -> Bought:
    return buy(cloud.shop, visitor=visitor)


def test_a_card_is_bought_without_a_script_and_stands_in_no_log(cloud: LocalCloud, bought: Bought) -> None:
    assert len(bought.card) >= 8
    assert bought.paid_to_card_s < 60

    logs = {place.name: place.read_text(errors="replace") for place in (cloud.state / "logs").iterdir()}
    assert {"storefront.log", "callbacks.log", "relay.log", "reveal.log"} <= set(logs)
    assert [name for name, text in logs.items() if bought.card in text] == []


def test_no_function_asked_for_what_its_role_does_not_allow(cloud: LocalCloud, bought: Bought) -> None:
    assert bought.order
    assert [line for line in cloud.log("cloud").splitlines() if line.startswith("refused:")] == []


def test_the_auditor_is_set_for_the_night_and_finds_the_seeded_shop_in_order(cloud: LocalCloud, bought: Bought) -> None:
    assert bought.order
    rules = cloud.client("events").list_rules()["Rules"]
    assert [rule["State"] for rule in rules if rule.get("ScheduleExpression") == "cron(40 19 * * ? *)"] == ["ENABLED"]
    answer = cloud.client("lambda").invoke(FunctionName=cloud.deployed()["AuditorFunction"], Payload=b"{}")
    found = json.loads(answer["Payload"].read())
    assert (found["broken"], found["is_complete"]) == (0, True), cloud.log("auditor")
    assert found["rows"] > 1_000


def test_the_books_are_set_to_be_closed_at_noon_and_yesterdays_are_in_order(cloud: LocalCloud, bought: Bought) -> None:
    assert bought.order
    rules = cloud.client("events").list_rules()["Rules"]
    assert [rule["State"] for rule in rules if rule.get("ScheduleExpression") == "cron(10 4 * * ? *)"] == ["ENABLED"]
    answer = cloud.client("lambda").invoke(FunctionName=cloud.deployed()["ClosingFunction"], Payload=b"{}")
    assert json.loads(answer["Payload"].read())["is_closed"], cloud.log("closing")


def test_the_order_mail_arrives_in_the_mailbox_without_the_card(cloud: LocalCloud, bought: Bought) -> None:
    def mailbox() -> str:
        with urllib.request.urlopen(f"{cloud.players}/mailbox", timeout=10) as answer:
            return str(answer.read().decode())

    end = time.monotonic() + 30
    while bought.order not in (text := mailbox()) and time.monotonic() < end:
        time.sleep(0.1)
    assert bought.order in text
    assert bought.card not in text


@pytest.mark.parametrize(
    ("api", "method", "path"),
    [
        ("ShopApiId", "GET", "/help?hl=en"),
        ("ShopApiId", "GET", "/robots.txt"),
        ("ShopApiId", "GET", "/p/no-such-product"),
        ("ShopApiId", "GET", "/o/ord_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ("ShopApiId", "POST", "/o/ord_01ARZ3NDEKTSV4RRFFQ69G5FAV/cards"),
        ("NotifyApiId", "POST", "/v1/callbacks/alipay/alipay"),
        ("NotifyApiId", "GET", "/v1/callbacks/epay/epay?sign=forged"),
    ],
)
def test_the_front_answers_as_the_emulators_gateway_does(cloud: LocalCloud, api: str, method: str, path: str) -> None:
    stack = cloud.client("cloudformation").describe_stacks(StackName="faka")["Stacks"][0]
    ids = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    headers = {"Content_Type": "application/x-www-form-urlencoded", "Origin": cloud.shop, "Accept": "text/html"}
    body = b"sign=forged" if method == "POST" else None

    ours = ask(cloud.shop, method, path, body, **headers)
    theirs = ask(f"{cloud.endpoint}/restapis/{ids[api]}/local/_user_request_", method, path, body, **headers)

    told = ("content-type", "content-security-policy", "cache-control", "location", "x-frame-options")
    assert (ours[0], {key: ours[1].get(key) for key in told}) == (theirs[0], {key: theirs[1].get(key) for key in told})
    assert _timeless(ours[2]) == _timeless(theirs[2])


def _timeless(body: bytes) -> bytes:
    """Without what must differ: the reference for questions, and the address of the page, in which the emulator has the stage."""
    return re.sub(
        rb'name="back" value="[^"]*"|href="/local/[^"]*"|href="/o/[^"]*"|'
        rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        b"",
        body,
    )


def test_an_order_is_still_there_after_a_restart_on_another_port(tmp_path_factory: pytest.TempPathFactory) -> None:
    state, visitor = tmp_path_factory.mktemp("again"), Visitor()
    first = start(state)
    one = buy(first.shop, visitor=visitor)
    assert first.stop() == 0

    second = start(state)
    try:
        page = visitor.move(first.shop, second.shop).get(f"{second.shop}/o/{one.order}")
        assert "data-order" in page.stage
        form = next(form for form in page.forms if "data-reveal" in form.attributes)
        assert visitor.submit(page, form).secrets[-1] == one.card
        assert buy(second.shop).card != one.card
    finally:
        assert second.stop() == 0


def test_a_shop_that_sells_nothing_is_told_apart_from_one_that_does_not_answer(cloud: LocalCloud) -> None:
    with pytest.raises(NoSale, match="nothing can be bought"):
        buy(cloud.shop, product="no-such-product")


def test_tables_of_the_template_on_an_engine_of_their_own(ministack_tables: MiniStackTables) -> None:
    tables = ministack_tables.tables()
    tables.apply(insert(TableName.TRADE, {"pk": "ORDER#1", "sk": "ORDER", "due_pk": "0", "due_sk": "2026"}))

    rows, _ = tables.query(TableName.TRADE, "0", index="due")
    assert [row["pk"] for row in rows] == ["ORDER#1"]

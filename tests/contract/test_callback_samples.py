"""The sample events of the callbacks door, through the real door and flow: what is proved is stored, what is not leaves no row."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.payments.model import NoticeState
from faka.contexts.payments.store import notice_from
from faka.kernel.ids import ChannelId
from faka.kernel.secret import Secret
from faka.platform.table import Key, TableName
from tests.kit.doors import CONTEXT, load, read
from tests.kit.tables import PHYSICAL
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.contract

SAMPLES = Path(__file__).parents[2] / "events/callbacks"
VECTOR = next(
    v for v in json.loads((Path(__file__).parents[1] / "vectors/payments.json").read_text()) if v["id"] == "alipay-notify-trade-real"
)
EPAY_KEY = "3kF9mQz7TbW2nX5vRj8cLpYsHdGu4aE6"

ANSWERS = {
    "alipay_trade_success": (200, "NOTICE#alipay#2019081500222155624068450559358070"),
    "alipay_trade_success_base64": (200, "NOTICE#alipay#2019081500222155624068450559358070"),
    "alipay_changed_amount": (401, ""),
    "alipay_doubled_amount": (400, ""),
    "alipay_as_json": (400, ""),
    "epay_trade_success": (200, "NOTICE#epay#2026030212000012345.TRADE_SUCCESS"),
    "epay_trade_success_post": (200, "NOTICE#epay#2026030212000012345.TRADE_SUCCESS"),
    "epay_doubled_money": (400, ""),
    "epay_array_sign": (400, ""),
    "epay_other_merchant": (401, ""),
}


@pytest.fixture
def world() -> Iterator[World]:
    """A shop whose accounts are those of the samples: Alipay's is the real one that the vector was sent to."""
    with engine_world() as world:
        real = {"app_id": VECTOR["params"]["app_id"], "seller_id": VECTOR["params"]["seller_id"]}
        for row in (
            world.providers.alipay.row(account=real, public_key=VECTOR["public_key_pem"]),
            world.providers.epay.row(account={"pid": "1001"}),
        ):
            world.deps.tables.commit([world.deps.catalog.save_channel(row)])
        world.providers.secrets.write("faka/channels/epay", {"key": Secret(EPAY_KEY)})
        world.clock.advance(minutes=1)
        yield world


def sent(world: World, sample: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    app = load("callbacks")
    monkeypatch.setattr(app, "deps", world.deps)
    return read(app.door.handler()(json.loads((SAMPLES / f"{sample}.json").read_text()), CONTEXT))


def test_each_sample_is_used() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(ANSWERS)


@pytest.mark.parametrize("sample", ANSWERS)
def test_a_sample_gets_its_answer_and_only_a_proved_one_leaves_a_row(world: World, sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    status, key = ANSWERS[sample]
    before = rows(world)
    answer = sent(world, sample, monkeypatch)
    assert answer.status == status
    assert (answer.text == "success") == (status == 200)
    if not key:
        assert rows(world) == before
        return
    row = world.deps.tables.get(Key(TableName.TRADE, key, "NOTICE"))
    assert row is not None
    # Epay's gateway knows nothing of this payment, so its notice waits; Alipay's is money for a number of another shop.
    assert notice_from(row).state is (NoticeState.APPLIED if sample.startswith("alipay") else NoticeState.RECEIVED)


def rows(world: World) -> list[Any]:
    return [world.client.scan(TableName=table)["Items"] for table in PHYSICAL.values()]


@pytest.mark.parametrize(
    "secret", [None, {}, {"key": Secret("")}, {"key": Secret(" " * 32)}, {"key": Secret("change-me-change-me-change-me")}]
)
def test_a_channel_without_a_secret_answers_503_and_verifies_nothing(world: World, secret: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if secret is None:
        world.providers.secrets.forget("faka/channels/epay")
    else:
        world.providers.secrets.write("faka/channels/epay", secret)
    answer = sent(world, "epay_trade_success", monkeypatch)
    assert answer.status == 503
    assert "success" not in answer.text
    assert world.deps.tables.get(Key(TableName.TRADE, ANSWERS["epay_trade_success"][1], "NOTICE")) is None


def test_a_message_on_the_path_of_another_kind_finds_no_channel(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = load("callbacks")
    monkeypatch.setattr(app, "deps", world.deps)
    event = json.loads((SAMPLES / "epay_trade_success.json").read_text())
    event["pathParameters"] = {"channel": "epay", "account": "alipay"}
    assert read(app.door.handler()(event, CONTEXT)).status == 404
    assert world.deps.catalog.channel(ChannelId("alipay")).kind == "alipay"

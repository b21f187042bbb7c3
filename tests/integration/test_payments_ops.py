"""Notices that could not be applied: listed, and taken once more by hand."""

from collections.abc import Callable, Iterator

import pytest

from faka.contexts.orders.model import DeliveryState
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.store import NOTICE_TRIES_MAX
from infra.ops import payments
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3)
        yield made


@pytest.fixture
def types(world: World, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def typed(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = payments.main(["--by", "mei", *words], world.deps)
        read = capsys.readouterr()
        return code, read.out + read.err

    return typed


def test_a_parked_notice_is_listed_and_replayed_and_its_case_is_answered(
    world: World, types: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = world.buy()
    [raw] = world.notices(order)

    def out_of_reach(*_: object, **__: object) -> None:
        raise ProviderUnavailable("alipay")

    with monkeypatch.context() as broken:
        broken.setattr("faka.steps.notice.apply", out_of_reach)
        broken.setattr("faka.flows.sweep.ask", out_of_reach)
        world.deliver_notice(order, raw)
        world.minute(NOTICE_TRIES_MAX + 1)
    assert world.order(order).paid_at is None
    channel, key = types("parked")[1].split()
    assert types("replay", channel, key) == (0, "PAY\n")
    world.minute()
    assert world.order(order).delivery is DeliveryState.READY
    assert "no notice waits" in types("parked")[1]
    assert types("replay", channel, key) == (0, "NOTHING\n"), "what is booked stays booked"
    [case] = [row for row in world.rows("test-trade") if row["sk"] == "CASE"]
    assert (case["state"], case["outcome"]) == ("CLOSED", "applied by mei: PAY")


def test_a_notice_that_nobody_kept_is_not_there(types: Callable[..., tuple[int, str]]) -> None:
    code, read = types("replay", "alipay", "nothing")
    assert code == 1
    assert "notice_missing" in read

"""The sweep and the provider's own repeat work on one notice: a failure that is noted too late undoes nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from faka.contexts.payments.errors import NoticeMoved
from faka.contexts.payments.model import Notice, NoticeState
from faka.contexts.payments.store import NOTICE_TRIES_MAX, notice_from
from faka.platform.table import Key, TableName
from faka.steps.notice import failed
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def waiting(world: World) -> tuple[Notice, object]:
    """A notice that is stored and not applied, as the sweep reads it, and the message itself."""
    world.stock_up(1)
    order = world.buy()
    [raw] = world.notices(order)
    event = world.deps.adapter(order.channel_id).parse_notice(raw)
    notice = Notice(
        channel_id=event.channel_id, dedupe_key=event.dedupe_key, method=raw.method, headers={}, query=list(raw.query), body=raw.body,
        sha256=event.raw_sha256, received_at=world.clock.now(),
    )  # fmt: skip
    world.deps.tables.apply(world.deps.payments.stored(notice, world.clock.now()))
    return notice, (order, raw)


def row(world: World, notice: Notice) -> dict[str, object]:
    key = Key(TableName.TRADE, f"NOTICE#{notice.channel_id}#{notice.dedupe_key}", "NOTICE")
    found = world.deps.tables.get(key)
    assert found is not None
    return found


@pytest.mark.parametrize("tries", [0, NOTICE_TRIES_MAX - 1], ids=["counted", "parked"])
def test_a_failure_noted_after_the_notice_was_applied_changes_nothing(world: World, tries: int) -> None:
    notice, (order, raw) = waiting(world)  # type: ignore[misc]
    world.deliver_notice(order, raw)
    before = row(world, notice)
    assert before["state"] == NoticeState.APPLIED
    with pytest.raises(NoticeMoved):
        failed(world.deps, notice.model_copy(update={"tries": tries}), world.clock.now() + timedelta(minutes=1))
    assert row(world, notice) == before
    assert not [each for each in world.rows("test-trade") if each["sk"] == "CASE"]


def test_two_sweeps_that_fail_on_one_notice_count_it_once_each_time(world: World) -> None:
    notice, _ = waiting(world)
    failed(world.deps, notice, world.clock.now())
    with pytest.raises(NoticeMoved):
        failed(world.deps, notice, world.clock.now())
    assert notice_from(row(world, notice)).tries == 1

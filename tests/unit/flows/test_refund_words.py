"""Every word of a provider about a refund, in every state of it: applied once, booked once, and asked about where it contradicts."""

from collections.abc import Iterator

import pytest

from faka.contexts.payments.providers.refunding import RefundProgress
from faka.contexts.payments.refunds import Refund, RefundMoved, RefundStore, refund_item
from faka.kernel.refund import RefundStatus
from faka.platform.table import TableName, put
from faka.steps.refund import hear
from faka.steps.refund.hear import failed
from tests.kit.world import World
from tests.unit.flows.given_refunds import (
    PRICE,
    STANDS,
    balances,
    broken,
    brought_to,
    entries,
    is_asking,
    only,
    refunding_world,
    said,
    sold,
)


pytestmark = pytest.mark.unit

REQUESTED, SUBMITTED, SUCCEEDED, FAILED, WITH_PERSON = RefundStatus


@pytest.fixture
def world() -> Iterator[World]:
    with refunding_world() as made:
        yield made


DUE, OK, FAIL, BACK = ["due"], ["due", "ok"], ["due", "fail"], ["due", "ok", "back"]

ANOTHER = "done, of another amount"
ON_ITS_WAY, DONE, CAME_TO_NOTHING, STRANGE = RefundProgress

HEARD: dict[RefundStatus, dict[str, tuple[RefundStatus, list[str], bool]]] = {
    REQUESTED: {
        ON_ITS_WAY: (SUBMITTED, DUE, False),
        STRANGE: (SUBMITTED, DUE, False),
        DONE: (SUCCEEDED, OK, False),
        CAME_TO_NOTHING: (FAILED, FAIL, True),
        ANOTHER: (WITH_PERSON, DUE, True),
    },
    SUBMITTED: {
        ON_ITS_WAY: (SUBMITTED, DUE, False),
        STRANGE: (SUBMITTED, DUE, False),
        DONE: (SUCCEEDED, OK, False),
        CAME_TO_NOTHING: (FAILED, FAIL, True),
        ANOTHER: (WITH_PERSON, DUE, True),
    },
    SUCCEEDED: {
        ON_ITS_WAY: (SUCCEEDED, OK, False),
        STRANGE: (SUCCEEDED, OK, False),
        DONE: (SUCCEEDED, OK, False),
        CAME_TO_NOTHING: (FAILED, BACK, True),
        ANOTHER: (SUCCEEDED, OK, True),
    },
    FAILED: {
        ON_ITS_WAY: (FAILED, FAIL, True),
        STRANGE: (FAILED, FAIL, True),
        DONE: (FAILED, FAIL, True),
        CAME_TO_NOTHING: (FAILED, FAIL, True),
        ANOTHER: (FAILED, FAIL, True),
    },
    WITH_PERSON: {
        ON_ITS_WAY: (WITH_PERSON, DUE, True),
        STRANGE: (WITH_PERSON, DUE, True),
        DONE: (SUCCEEDED, OK, False),
        CAME_TO_NOTHING: (FAILED, FAIL, True),
        ANOTHER: (WITH_PERSON, DUE, True),
    },
}
"""Where a refund stood, what is said of it: where it stands then, what is booked, whether a person is asked."""


@pytest.mark.parametrize("status", HEARD, ids=str)
@pytest.mark.parametrize("word", [*RefundProgress, ANOTHER], ids=str)
def test_a_word_about_a_refund_is_applied_once_however_often_it_comes(world: World, status: RefundStatus, word: str) -> None:
    order = sold(world)
    refund = brought_to(world, order, status)
    state, minor = (DONE, PRICE - 1) if word == ANOTHER else (RefundProgress(word), PRICE)
    for _ in range(3):
        hear(world.deps, refund.id, said(refund, state, minor))
    after, booked, asks = HEARD[status][word]
    assert (only(world).status, entries(world, refund), is_asking(world, refund)) == (after, booked, asks)
    assert only(world).number == refund.number
    assert balances(world) == STANDS[booked[-1]]
    [note] = world.order(order).refunds
    assert (note.status, world.order(order).funds_minor, broken(world)) == (after, 0, [])


# -- two words at once --------------------------------------------------------------------------------------------


def two_words_about_what_was_read_once(world: World) -> Refund:
    """A sweep that read the refund before its notice came goes on with what it read."""
    read = brought_to(world, sold(world), SUBMITTED)
    hear(world.deps, read.id, said(read, DONE))
    failed(world.deps, read, "an older answer", world.clock.now())
    return read


def test_of_two_opposite_words_at_once_the_second_finds_the_refund_changed(world: World) -> None:
    with pytest.raises(RefundMoved):
        two_words_about_what_was_read_once(world)
    assert (entries(world, only(world)), balances(world), broken(world)) == (OK, {}, [])


def test_twin_without_the_rows_version_both_are_booked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RefundStore, "replaced", lambda _store, _before, after: put(TableName.TRADE, refund_item(after)))
    refund = two_words_about_what_was_read_once(world)
    assert entries(world, refund) == ["due", "ok", "fail"]
    assert any(fault.startswith("I3") for fault in broken(world))

"""Gift values are issued in batches: all that was asked for, paid for in the books, and taken back whole."""

from collections.abc import Iterator

import pytest

from faka.contexts.wallets.errors import ValueNotFound
from faka.contexts.wallets.model import CHUNK_VALUES, VALUES_MAX
from faka.flows.issue_values import issue_values, void_values
from faka.kernel.errors import InvalidRequest
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World
from tests.unit.wallets.given import accounts, codes, faults, issue, quick_world, redeemed


pytestmark = pytest.mark.unit

COUNT = 2 * CHUNK_VALUES + 3


@pytest.fixture
def world() -> Iterator[World]:
    with quick_world() as made:
        yield made


def test_values_that_were_sold_stand_against_the_channel_that_took_the_money_and_given_ones_against_promotion(world: World) -> None:
    issue_values(world.deps, issue(world, 1_000, channel="alipay"), codes(world, 3))
    issue_values(world.deps, issue(world, 500), codes(world, 2))
    assert accounts(world) == {"psp:alipay:clearing/CNY": -3_000, "expense:promotion/CNY": -1_000, "stored:outstanding/CNY": 4_000}


def test_who_issued_and_voided_what_and_why_is_in_the_journal(world: World) -> None:
    ordered = issue(world)
    issue_values(world.deps, ordered, codes(world, 1))
    void_values(world.deps, ordered.batch, "bob", "printed twice")
    notes = [(row["what"], row["by"], row["reason"]) for row in world.rows("test-journal") if row["pk"] == f"AUDIT#{ordered.batch}"]
    assert sorted(notes) == [("issued", "ann", "spring"), ("void", "bob", "printed twice")]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_issue_that_died_is_finished_by_the_same_codes_and_counts_each_once(world: World, at: int, *, after: bool) -> None:
    ordered, made = issue(world), codes(world, COUNT)
    with pytest.raises(Killed):
        issue_values(world.over(DyingClient(world.client, at, after=after)), ordered, made)

    issue_values(world.deps, ordered, made)

    assert len(world.deps.wallets.of_batch(ordered.batch)) == COUNT
    assert accounts(world)["stored:outstanding/CNY"] == 5_000 * COUNT
    assert faults(world) == []


def test_a_void_takes_back_what_nobody_redeemed_once(world: World) -> None:
    ordered, made = issue(world), codes(world, 5)
    issue_values(world.deps, ordered, made)
    redeemed(world, made[2])

    assert void_values(world.deps, ordered.batch, "ann", "leaked") == (4, 1)
    assert void_values(world.deps, ordered.batch, "ann", "leaked") == (0, 1)
    assert accounts(world)["expense:promotion/CNY"] == -5_000
    assert faults(world) == []


def test_a_batch_that_is_not_there_cannot_be_voided(world: World) -> None:
    with pytest.raises(ValueNotFound):
        void_values(world.deps, "gft_nowhere", "ann", "x")


def test_what_cannot_be_issued_is_refused_whole(world: World) -> None:
    [code] = codes(world, 1)
    past = world.clock.now()
    for bad, made in (
        (issue(world, 0), [code]),
        (issue(world, expires_at=past), [code]),
        (issue(world, batch="x"), [code]),
        (issue(world), []),
        (issue(world), ["short"]),
        (issue(world), [code, code.lower()]),
        (issue(world), [code] * (VALUES_MAX + 1)),
    ):
        with pytest.raises(InvalidRequest):
            issue_values(world.deps, bad, made)
    assert accounts(world) == {}

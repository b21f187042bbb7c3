"""An import dies after every call that it makes and is taken over; two workers do it at once.

Whatever happened: each good line is one card on sale that opens to its own text, the counts are the file's, the plaintext
is gone. The twins at the end take one guard away each and must fail.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.intake import ImportState, ImportStore
from faka.contexts.intake.store import to_item
from faka.contexts.vault import CardText, Print, VaultStore, fingerprint
from faka.contexts.vault.rows import print_key
from faka.flows.intake import run_import, seal
from faka.kernel.errors import FakaError
from faka.kernel.ids import BatchId
from faka.platform.table import TableName, put
from tests.integration.given_intake import BUCKET, Crash, Gate, Shop, a_shop
from tests.kit.clock import START


pytestmark = pytest.mark.integration

GOOD = [f"secret-{i}" for i in range(19)]
FILE = (
    "".join(f"NO-{i}----secret-{i}\n" for i in range(11))
    + "NO-3----secret-3\nbad line\n\n"
    + "".join(f"NO-{i}----secret-{i}----2027-01-01\n" for i in range(11, 19))
    + "NO-12----secret-12\nOLD----sold\n"
).encode()
COUNTS = {"new": 19, "duplicate": 3, "bad": 1}
PROBLEMS = 4

PARTS = 4
"""The positions are dealt out to so many tests, so that several processors can share them."""


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "STEP_LINES", 7)


class Scene:
    """One uploaded file, and the same moment again for each run of a test."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        old = fingerprint(shop.deps.fingerprint_key(), CardText("OLD", "sold"))
        shop.deps.vault.claim_prints([Print(old, BatchId("bat_OLD"), 1)])
        self.batch = shop.uploaded(FILE)
        self._rows = shop.dynamodb.fork()

    def again(self) -> Shop:
        shop = self._shop
        shop.dynamodb = self._rows.fork()
        shop.clock.set(START)
        for name in shop.files():
            shop.s3.delete_object(Bucket=BUCKET, Key=name)
        shop.s3.put_object(Bucket=BUCKET, Key=f"incoming/{self.batch}", Body=FILE)
        shop.deps = shop.fresh()
        return shop


@pytest.fixture
def scene() -> Iterator[Scene]:
    with a_shop() as shop:
        yield Scene(shop)


def run_to_the_end(shop: Shop, batch: Any) -> None:
    """As the queue does it: again after the lease, each time in a new process."""
    for _ in range(5):
        shop.clock.advance(100)
        if run_import(shop.fresh(), batch, lambda: 900.0).is_over:
            return
    raise AssertionError("never over")


def check(shop: Shop, batch: Any, where: str = "") -> None:
    job = shop.deps.imports.get(batch)
    assert job.state is ImportState.DONE, where
    assert job.counts.model_dump() == COUNTS, where
    assert len(shop.problems(job)) == PROBLEMS, where
    assert [name for name in shop.files() if not name.startswith("problems/")] == [], where
    assert shop.available() == 19, where
    opened = shop.sold(19, "ord_1")
    assert sorted(secret for _, secret, _ in opened) == sorted(GOOD), where
    assert len({number for _, _, number in opened}) == 19, where
    assert [entry["what"] for entry in shop.deps.batch_log.entries(batch)] == ["imported"], where
    assert len(shop.rows(TableName.VAULT, "FP#")) == 20, where


def calls_of_an_import(scene: Scene) -> list[str]:
    shop = scene.again()
    calls: list[str] = []
    assert run_import(shop.fresh(Gate(calls)), scene.batch, lambda: 900.0).is_over
    check(shop, scene.batch)
    return calls


def die_after(scene: Scene, call: int | str) -> None:
    shop, gate = scene.again(), Gate([], die_after=call)
    with pytest.raises(Crash):
        run_import(shop.fresh(gate), scene.batch, lambda: 900.0)
    run_to_the_end(shop, scene.batch)
    check(shop, scene.batch, f"died after call {call} {gate.calls[-1]}")


@pytest.mark.parametrize("part", range(PARTS))
def test_dead_after_every_call_the_import_ends_as_if_nothing_had_happened(scene: Scene, part: int) -> None:
    calls = calls_of_an_import(scene)
    assert 30 < len(calls) < 90
    for position in range(part, len(calls), PARTS):
        die_after(scene, position)


class Interrupted(Gate):
    """Lets another worker do the whole import while this one waits before a call."""

    def __init__(self, position: int, other: Any) -> None:
        super().__init__([])
        self._position, self._other = position, other

    def call(self, name: str, work: Any) -> Any:
        if len(self.calls) == self._position:
            self.calls.append(name)
            self._other()
            return work()
        return super().call(name, work)


def two_workers(scene: Scene, position: int) -> None:
    shop = scene.again()
    gate = Interrupted(position, lambda: run_to_the_end(shop, scene.batch))
    try:
        assert run_import(shop.fresh(gate), scene.batch, lambda: 900.0).is_over
    except FakaError:
        pass  # the message comes again, and finds the job over
    run_to_the_end(shop, scene.batch)
    check(shop, scene.batch, f"another worker before call {position} {gate.calls[position]}")


@pytest.mark.parametrize("part", range(PARTS))
def test_two_workers_at_once_do_no_harm_wherever_the_second_overtakes_the_first(scene: Scene, part: int) -> None:
    for position in range(part, len(calls_of_an_import(scene)), PARTS):
        two_workers(scene, position)


# -- twins ------------------------------------------------------------------------------------------------------------


def test_twin_a_line_that_does_not_recognise_itself_is_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    real = VaultStore.claim_prints

    def forgetful(self: VaultStore, prints: Any) -> Any:
        known = self._tables.batch_get([print_key(mark.hash) for mark in prints])
        owners = real(self, prints)
        return [Print(owner.hash, owner.batch, -1) if print_key(owner.hash) in known else owner for owner in owners]

    monkeypatch.setattr(VaultStore, "claim_prints", forgetful)
    with pytest.raises(AssertionError):
        die_after(scene, "batch_execute_statement")


def test_twin_a_checkpoint_without_its_condition_counts_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = calls_of_an_import(scene)
    monkeypatch.setattr(ImportStore, "replaced", lambda self, before, after: put(TableName.TRADE, to_item(after)))
    with pytest.raises((AssertionError, FakaError)):
        for position in range(calls.index("generate_data_key"), len(calls)):
            two_workers(scene, position)


def test_twin_a_data_key_that_is_not_kept_before_it_seals_leaves_cards_that_never_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(deps: Any, job: Any) -> seal.Seal:
        batch = deps.vault.batch(job.sku, job.ordinal)
        return seal.Seal(batch, deps.envelope.new_key(batch.job), 0)

    monkeypatch.setattr(seal, "_seal", careless)
    with pytest.raises(FakaError):
        calls_of_an_import(scene)

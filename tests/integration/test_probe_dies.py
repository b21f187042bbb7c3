"""The worker dies while it asks about a sample (row A32): after each of its calls from the last sealed page on, it is taken over."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.contexts.complaints import complaint_id
from faka.contexts.intake import ImportJob, ImportState, Verdict
from faka.contexts.vault import BatchState
from faka.flows.intake import run_import
from faka.kernel.ids import BatchId
from faka.platform.table import TableName
from faka.steps.invariants import Books, violations
from tests.integration.given_intake import Crash, Gate, Shop, a_shop
from tests.integration.test_probe import given_probe
from tests.kit.clock import START
from tests.kit.probes import FakeProbe


pytestmark = pytest.mark.integration

FILE = b"NO-0----secret-0\nNO-1----secret-1\nNO-2----secret-2\n"


class Scene:
    """One uploaded file of three cards, all of them in the sample, and the same moment again for each death."""

    def __init__(self, shop: Shop, says: Any) -> None:
        self._shop, self._says = shop, says
        given_probe(shop, sample=3)
        self.batch = shop.uploaded(FILE, supplier="Gold")
        self._rows = shop.dynamodb.fork()
        self.asked: list[int] = []
        """At which calls of the last run somebody was asked."""

    def again(self) -> Shop:
        shop = self._shop
        shop.dynamodb = self._rows.fork()
        shop.clock.set(START)
        for name in shop.files():
            shop.s3.delete_object(Bucket="intake", Key=name)
        shop.s3.put_object(Bucket="intake", Key=f"incoming/{self.batch}", Body=FILE)
        shop.deps = shop.fresh()
        return shop

    def run(self, shop: Shop, gate: Gate | None = None) -> ImportJob:
        calls = gate or Gate([])
        probe = FakeProbe(self._says)
        self.asked.clear()
        probe.look = lambda: self.asked.append(len(calls.calls))
        return run_import(probe.over(shop.fresh(calls)), self.batch, lambda: 900.0)


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with a_shop() as shop:
        yield Scene(shop, request.param)


def sound(shop: Shop, batch: BatchId, where: str, *, is_quiet: bool) -> None:
    job = shop.deps.imports.get(batch)
    is_good = bool(job.samples) and all(one.verdict is Verdict.GOOD for one in job.samples)
    assert shop.available() == 0 or is_good, where
    books = Books(**{table.value: shop.rows(table) for table in TableName})
    assert violations(books, shop.clock.now(), is_quiet=is_quiet) == [], where


def ends(shop: Shop, batch: BatchId) -> dict[str, Any]:
    job = shop.deps.imports.get(batch)
    return {
        "job": (job.state, [one.verdict for one in job.samples], bool(job.held)),
        "batch": shop.deps.vault.batch(job.sku, job.ordinal).state,
        "on sale": shop.available(),
        "cases": len(shop.rows(TableName.TRADE, "CASE#")),
        "complaint": shop.deps.complaints.find(complaint_id(batch)) is not None,
        "files": shop.files(),
        "log": sorted(entry["what"] for entry in shop.deps.batch_log.entries(batch)),
    }


def last_is_bad(secret: str) -> Verdict:
    return Verdict.BAD if secret == "secret-2" else Verdict.GOOD


OUTCOMES = [
    pytest.param(lambda _: Verdict.GOOD, (BatchState.OPEN, 3, 0, False), id="good"),
    pytest.param(last_is_bad, (BatchState.FROZEN, 0, 1, True), id="bad"),
]


@pytest.mark.parametrize(("scene", "outcome"), OUTCOMES, indirect=["scene"])
def test_dead_after_any_call_the_batch_ends_as_if_nothing_had_happened_and_is_never_on_sale_unasked(scene: Scene, outcome: Any) -> None:
    shop, gate = scene.again(), Gate([])
    assert scene.run(shop, gate).state is ImportState.DONE
    wanted, calls, first = ends(shop, scene.batch), len(gate.calls), scene.asked[0]
    assert (wanted["batch"], wanted["on sale"], wanted["cases"], wanted["complaint"]) == outcome
    assert calls - first > 12
    for position in range(first - 3, calls):
        shop, gate = scene.again(), Gate([], die_after=position)
        with pytest.raises(Crash):
            scene.run(shop, gate)
        where = f"died after call {position} {gate.calls[-1]}"
        sound(shop, scene.batch, where, is_quiet=False)
        for _ in range(3):
            shop.clock.advance(100)
            job = scene.run(shop)
        assert (job.state, ends(shop, scene.batch)) == (ImportState.DONE, wanted), where
        sound(shop, scene.batch, where, is_quiet=True)


def asked_by_the_successor(scene: Scene) -> int:
    """GIVEN a worker that dies when two of three have answered."""
    scene.run(scene.again())
    third = scene.asked[2]
    shop, probe = scene.again(), FakeProbe(last_is_bad)
    with pytest.raises(Crash):
        scene.run(shop, Gate([], die_after=third - 1))
    shop.clock.advance(100)
    assert run_import(probe.over(shop.fresh()), scene.batch, lambda: 900.0).held
    return len(probe.asked)


@pytest.mark.parametrize("scene", [last_is_bad], indirect=True)
def test_an_answer_is_a_record_before_the_next_question(scene: Scene) -> None:
    assert asked_by_the_successor(scene) == 1


@pytest.mark.parametrize("scene", [last_is_bad], indirect=True)
def test_twin_answers_in_memory_alone_die_with_the_worker(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.flows.intake.probe._answered", _only_in_memory)
    assert asked_by_the_successor(scene) == 3


def _only_in_memory(_deps: Any, job: ImportJob, place: int, verdict: Verdict) -> ImportJob:
    asked = job.samples[place].model_copy(update={"asked": 1, "verdict": verdict})
    return job.model_copy(update={"samples": (*job.samples[:place], asked, *job.samples[place + 1 :])})

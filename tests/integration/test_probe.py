"""A sample of a new batch is asked about before any of it is on sale (row A32): one bad card holds the batch, silence calls a person."""

import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from faka.contexts.complaints import ComplaintState, complaint_id
from faka.contexts.intake import Counts, ImportJob, ImportState, Line, ProbeRow, Verdict
from faka.contexts.intake.probe import ASKS_MAX, Sample
from faka.contexts.stock import OutOfStock, StockStore
from faka.contexts.vault import BatchState
from faka.flows.bad_batch import declare_bad
from faka.flows.intake import probe as flow
from faka.flows.intake import run_import, seal
from faka.flows.intake.draw import drawn
from faka.flows.withhold import thaw
from faka.kernel.errors import InvalidRequest
from faka.kernel.money import Currency, Money
from faka.platform.table import TableName
from faka.steps.invariants import Books, Violation, violations
from infra.ops import probes as ops
from tests.integration.given_intake import SKU, Shop, a_shop
from tests.kit.clock import SeededChance
from tests.kit.probes import FakeProbe


pytestmark = pytest.mark.integration

CARDS = [f"secret-{i}" for i in range(12)]
FILE = ("".join(f"NO-{i}----{secret}\n" for i, secret in enumerate(CARDS)) + "NO-3----secret-3\nbad line\n\n").encode()
COST = Money(minor=100, currency=Currency.CNY)


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "STEP_LINES", 5)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with a_shop() as made:
        given_probe(made)
        yield made


def given_probe(shop: Shop, sample: int = 4) -> None:
    shop.deps.tables.apply(shop.deps.probes.written(ProbeRow(sku=SKU, kind="fake", sample=sample, by="olga")))


def says(verdict: Verdict | None, of: int = 12) -> FakeProbe:
    """GOOD of each card but the last `of` of the file."""
    special = set(CARDS[len(CARDS) - of :])
    return FakeProbe(lambda secret: verdict if secret in special else Verdict.GOOD)


def imported(shop: Shop, probe: FakeProbe, file: bytes = FILE) -> ImportJob:
    probe.over(shop.deps)
    return shop.imported(file, supplier="Gold", unit_cost=COST)


def on(shop: Shop, job: ImportJob, minutes: int = 10) -> ImportJob:
    """The message comes again after its delay."""
    shop.clock.advance(60 * minutes)
    return run_import(shop.deps, job.id, lambda: 900.0)


def case(shop: Shop, job: ImportJob) -> str:
    found = shop.rows(TableName.TRADE, f"CASE#case_probe_{job.id}")
    return f"{found[0]['state']}: {found[0]['reason']}" if found else ""


def broken(shop: Shop) -> list[Violation]:
    return violations(Books(**{table.value: shop.rows(table) for table in TableName}), shop.clock.now(), is_quiet=True)


def state(shop: Shop, job: ImportJob) -> BatchState:
    return shop.deps.vault.batch(job.sku, job.ordinal).state


def messages(shop: Shop) -> int:
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    told = shop.sqs.get_queue_attributes(QueueUrl=shop.queue_url, AttributeNames=wanted)["Attributes"]
    return sum(int(told[name]) for name in wanted)


# -- the verdict ----------------------------------------------------------------------------------------------------


def test_a_good_sample_puts_the_batch_on_sale_and_nothing_is_on_sale_before(shop: Shop) -> None:
    probe, seen = says(Verdict.GOOD), []
    probe.look = lambda: seen.append(shop.available())
    job = imported(shop, probe)
    assert (job.state, shop.available(), seen) == (ImportState.DONE, 12, [0] * 4)
    assert len(set(probe.asked)) == 4
    opened = {number: (text, secret) for text, secret, number in shop.sold(12, "ord_1")}
    assert [opened[one.number] for one in job.samples] == probe.asked
    assert case(shop, job) == ""


def test_a_bad_card_in_the_sample_blocks_the_batch_with_a_case_and_a_complaint(shop: Shop) -> None:
    probe = says(Verdict.BAD)
    job = imported(shop, probe)
    assert (job.state, state(shop, job), shop.available(), len(probe.asked)) == (ImportState.DONE, BatchState.FROZEN, 0, 1)
    with pytest.raises(OutOfStock):
        shop.sold(1, "ord_1")
    assert case(shop, job) == "OPEN: a sampled card of 4 does not work"
    complaint = shop.deps.complaints.get(complaint_id(job.id))
    assert (complaint.state, complaint.supplier, complaint.count, complaint.amount) == (ComplaintState.DRAFT, "Gold", 12, COST.times(12))
    assert [name for name in shop.files() if not name.startswith("problems/")] == []
    assert broken(shop) == []


def test_twin_without_the_hold_a_bad_batch_is_sold(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "_held", lambda deps, job, _verdict: flow._to_be_sold(deps, job))
    job = imported(shop, says(Verdict.BAD))
    assert len(shop.sold(12, "ord_1")) == 12
    assert ("I4", f"{job.state} though its sample is not good") in {(one.invariant, one.what) for one in broken(shop)}


def test_twin_without_the_bar_before_the_link_what_is_held_comes_on_sale(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StockStore, "withhold", lambda *_: None)
    imported(shop, says(Verdict.BAD))
    assert shop.available() == 12
    assert "I4" in {one.invariant for one in broken(shop)}


def test_what_is_held_ends_like_any_bad_batch_with_one_complaint_and_its_cost_lost(shop: Shop) -> None:
    job = imported(shop, says(Verdict.BAD))
    done = declare_bad(shop.deps, job.id, "mei", "the supplier agrees")
    assert (done.complaint, done.buyers, state(shop, job)) == (complaint_id(job.id), 0, BatchState.VOID)
    assert case(shop, job).startswith("CLOSED")
    lost = shop.rows(TableName.JOURNAL, "TXN#void:")
    assert sum(line["amount_minor"] for row in lost for line in row["lines"] if line["side"] == "D") == 12 * COST.minor
    assert broken(shop) == []


# -- nobody can tell ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [Verdict.UNKNOWN, None], ids=["says neither", "says nothing"])
def test_who_does_not_know_is_asked_again_a_bounded_number_of_times_and_then_a_person_decides(shop: Shop, word: Verdict | None) -> None:
    probe = says(word)
    job = imported(shop, probe)
    for _ in range(ASKS_MAX - 1):
        assert (job.state, shop.available(), case(shop, job)) == (ImportState.PROBING, 0, "")
        job = on(shop, job)
    assert (job.state, state(shop, job), shop.available()) == (ImportState.DONE, BatchState.FROZEN, 0)
    assert (len(probe.asked), max(Counter(probe.asked).values())) == (4 * ASKS_MAX, ASKS_MAX)
    assert case(shop, job) == "OPEN: nobody could tell whether its cards work"
    assert shop.deps.complaints.find(complaint_id(job.id)) is None
    assert broken(shop) == []
    thaw(shop.deps, job.id, "mei", "I tried three")
    assert (shop.available(), case(shop, job)[:6], broken(shop)) == (12, "CLOSED", [])


def test_who_answers_at_the_second_question_lets_the_batch_be_sold(shop: Shop) -> None:
    probe = says(Verdict.UNKNOWN, of=8)
    job = imported(shop, probe)
    assert (job.state, messages(shop)) == (ImportState.PROBING, 1)
    probe.says = lambda _: Verdict.GOOD
    good = sum(one.verdict is Verdict.GOOD for one in job.samples)
    asked = len(probe.asked)
    job = on(shop, job)
    assert (job.state, shop.available(), len(probe.asked) - asked) == (ImportState.DONE, 12, 4 - good)


def test_a_worker_whose_time_is_up_asks_one_and_leaves_the_rest_to_the_next(shop: Shop) -> None:
    probe = says(Verdict.GOOD)
    batch = shop.uploaded(FILE)
    run_import(probe.over(shop.deps), batch, lambda: 0.0 if probe.asked else 900.0)
    job = shop.deps.imports.get(batch)
    assert (job.state, len(probe.asked), messages(shop), shop.available()) == (ImportState.PROBING, 1, 1, 0)
    assert (on(shop, job, minutes=0).state, len(probe.asked), shop.available()) == (ImportState.DONE, 4, 12)


def test_a_message_that_comes_too_early_asks_nobody_and_is_sent_again(shop: Shop) -> None:
    probe = says(Verdict.UNKNOWN)
    job = imported(shop, probe)
    asked = len(probe.asked)
    job = on(shop, job, minutes=3)
    assert (job.state, len(probe.asked), messages(shop)) == (ImportState.PROBING, asked, 2)


def test_a_kind_without_an_adapter_a_file_that_is_gone_and_a_prober_that_was_taken_away_leave_it_to_a_person(shop: Shop) -> None:
    job = shop.imported(FILE)
    shop.s3.delete_object(Bucket="intake", Key=job.work_key)
    for _ in range(ASKS_MAX - 1):
        job = on(shop, job)
    assert (job.state, state(shop, job), shop.available()) == (ImportState.DONE, BatchState.FROZEN, 0)
    assert case(shop, job) == "OPEN: nobody could tell whether its cards work"


# -- the sample -----------------------------------------------------------------------------------------------------


def test_a_small_batch_is_asked_about_whole_and_one_bad_card_of_it_is_found(shop: Shop) -> None:
    probe = says(Verdict.BAD, of=1)
    given_probe(shop, sample=20)
    job = imported(shop, probe)
    assert (len(job.samples), shop.available(), state(shop, job)) == (12, 0, BatchState.FROZEN)


def test_without_a_prober_and_with_one_that_is_turned_off_nobody_is_asked(shop: Shop) -> None:
    assert ops.main(["--by", "mei", "off", SKU], shop.deps) == 0
    probe = says(Verdict.BAD)
    job = imported(shop, probe)
    assert (job.state, job.samples, probe.asked, shop.available()) == (ImportState.DONE, (), [], 12)


def test_a_file_of_cards_that_are_known_already_asks_about_none(shop: Shop) -> None:
    imported(shop, says(Verdict.GOOD))
    probe = says(Verdict.BAD)
    job = imported(shop, probe)
    assert (job.state, job.counts.new, job.samples, probe.asked) == (ImportState.DONE, 0, (), [])


def test_each_card_has_the_same_chance_wherever_it_stands_in_the_file(shop: Shop) -> None:
    """Two of ten, drawn over steps of five, four hundred times: each is expected eighty times."""
    chance, met = SeededChance(), Counter[int]()
    job = shop.opened().model_copy(update={"sample_size": 2})
    for _ in range(400):
        one = job
        for begin in (0, 5):
            lines = [Line(b"x", 10 * (begin + n + 1)) for n in range(5)]
            samples = drawn(chance, one, lines, [begin + n + 1 for n in range(5)], [begin + n for n in range(5)])
            one = one.model_copy(update={"samples": samples, "line": 5, "offset": 50, "counts": Counts(new=5)})
        assert all((each.start, each.end, each.line) == (10 * each.number, 10 * each.number + 10, each.number + 1) for each in one.samples)
        met.update(each.number for each in one.samples)
    assert sum(met.values()) == 800
    assert min(met.values()) > 50
    assert max(met.values()) < 110


def test_no_row_log_case_or_message_holds_a_sampled_card(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    job = imported(shop, says(Verdict.UNKNOWN))
    for _ in range(ASKS_MAX):
        job = on(shop, job)
    kept = repr([shop.rows(table) for table in TableName]) + repr([one.__dict__ for one in caplog.records])
    assert "card_probed" in kept
    assert not [secret for secret in CARDS if secret in kept]
    assert repr(Sample(number=1, line=2, start=3, end=4)).count("secret") == 0


# -- the command ----------------------------------------------------------------------------------------------------


def test_staff_set_show_and_turn_off_a_prober(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert ops.main(["--by", "mei", "set", "other", "--kind", "issuer", "--sample", "5"], shop.deps) == 0
    assert ops.main(["--by", "mei", "off", "other"], shop.deps) == 0
    assert ops.main(["show", "other"], shop.deps) == 0
    assert ops.main(["show", "third"], shop.deps) == 0
    told = capsys.readouterr().out
    assert "issuer is asked about 5 cards of each new batch, said mei" in told
    assert "issuer is not asked" in told
    assert "third: nobody is asked" in told
    for sample in ("0", "21"):
        assert ops.main(["set", "other", "--kind", "issuer", "--sample", sample], shop.deps) == 1
    assert ops.main(["off", "third"], shop.deps) == 1
    assert InvalidRequest.code() in capsys.readouterr().err

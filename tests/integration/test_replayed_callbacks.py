"""Callbacks replayed: whatever a provider sends again, in whatever order and however late, no table changes a byte.

For each provider and kind of callback: a shop with orders in every state, the facts delivered once, then the same requests again and
again through the function's own door, with every row of every table compared before and after each. `FAKA_REPLAYS=1000000` raises the
number; what was replayed is printed and written to `build/callbacks.json`.
"""

import copy
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace

import pytest

from faka.contexts.ledger.store import LedgerStore
from faka.contexts.payments.store import PaymentStore, receipt_key
from infra.tools.template import ROOT
from tests.integration.given_callbacks import KINDS, PROVIDERS, Base, Rows, Till, also
from tests.kit.world import engine_world


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:No application metrics")]

REPLAYS = max(20_000, int(os.environ.get("FAKA_REPLAYS", "0")))
CASES = [(channel, kind) for channel in PROVIDERS for kind in KINDS]
EACH = -(-REPLAYS // len(CASES))
MOVES_HOURS = {"duplicate later": 7, "new number, same money": 1}
"""Kinds whose repeats come one after the other over months."""

EFFECTS_OF_ONE = {("epay", "second transaction"): {"receipt APPLIED"}}
"""This gateway's query knows one payment of a number: a second one is a person's case, and the next bill's line."""

EXEMPT = {"NOTICE": "a notice under a number of its own is evidence: it is kept once, beside the money that it repeats"}
"""Rows that a repeat may add, by kind, with the reason. No counter and no other row may move."""


EFFECTS = {
    "duplicate at once": {"receipt APPLIED", "notice APPLIED"},
    "duplicate later": {"receipt APPLIED", "notice APPLIED"},
    "reordered": {"receipt APPLIED", "notice IGNORED"},
    "refund before pay": {"receipt APPLIED", "notice IGNORED"},
    "notice 30 days late": {"receipt REFUND_DUE", "notice APPLIED"},
    "paid 30 days late": {"receipt REFUND_DUE", "notice APPLIED"},
    "after expiry, stock left": {"receipt APPLIED", "order late"},
    "after expiry, nothing left": {"receipt REFUND_DUE"},
    "wrong amount": {"receipt HELD", "order ON_HOLD"},
    "wrong currency": {"receipt HELD", "order ON_HOLD"},
    "wrong account": {"answer 401"},
    "another order's number": {"receipt APPLIED", "notice APPLIED"},
    "unknown number": {"receipt ORPHAN"},
    "status without money": {"notice IGNORED"},
    "second transaction": {"receipt REFUND_DUE"},
    "forged": {"answer 400", "answer 401"},
    "new number, same money": {"receipt APPLIED", "notice APPLIED"},
}
"""What the first deliveries of a kind must have done, so that no kind is an empty word."""


@dataclass
class Tally:
    provider: str
    kind: str
    effects: list[str] = field(default_factory=list)
    deliveries: int = 0
    differences: int = 0
    """Repeats that moved a row or were answered otherwise than the first time."""
    moved: dict[str, int] = field(default_factory=dict)
    """Kind of row → how often it moved."""
    examples: list[str] = field(default_factory=list)


def moved(before: Rows, after: Rows) -> list[str]:
    """The rows that are not the same byte for byte."""
    return sorted(f"{table} {pk}" for table, pk, sk in {**before, **after} if before.get((table, pk, sk)) != after.get((table, pk, sk)))


def beyond_evidence(before: Rows, after: Rows) -> list[str]:
    """Moved rows without the one notice that was kept as evidence and is done with."""
    added = [key for key in after if key not in before and key[2] in EXEMPT and after[key]["state"]["S"] in ("APPLIED", "IGNORED")]
    return moved(before, {key: row for key, row in after.items() if key not in added[:1]})


def effects(before: Rows, after: Rows, answers: list[tuple[int, str]]) -> list[str]:
    """What the first deliveries did: states of new and changed rows, orders paid late, answers."""
    kinds = {"CHANNELTXN": "receipt", "NOTICE": "notice", "ORDER": "order"}
    told = {key: row for key, row in after.items() if key[2] in kinds and before.get(key) != row}
    found = {f"{kinds[sk]} {row['state']['S']}" for (_, _, sk), row in told.items()}
    found |= {"order late" for row in told.values() if row.get("is_late", {}).get("BOOL")}
    return sorted(found | {f"answer {status}" for status, _ in answers})


def replay(till: Till, kind: str, count: int) -> Tally:
    """Deliver each fact once, then `count` repeats of them: each at least once, the rest by chance."""
    tally = Tally(till.channel, kind)
    facts = list(KINDS[kind](till))
    unpaid = till.rows()
    answers = {index: till.deliver(raw) for index, raw in enumerate(facts)}
    tally.effects = effects(unpaid, till.rows(), list(answers.values()))
    sent = [*facts, *also(till, kind)]
    chance = random.Random(f"{till.channel} {kind}")
    before = copy.deepcopy(till.rows())
    for turn in range(count):
        till.world.clock.advance(hours=MOVES_HOURS.get(kind, 0))
        index = turn if turn < len(sent) else chance.randrange(len(sent))
        answer, after = till.deliver(sent[index]), till.rows()
        wrong = [] if after == before else beyond_evidence(before, after) if index not in answers else moved(before, after)
        wrong += [] if answer == answers.setdefault(index, answer) else [f"answered {answer}"]
        if after != before:
            before = copy.deepcopy(after)
        tally.differences += bool(wrong)
        tally.moved = dict(Counter(tally.moved) + Counter(line.partition("#")[0] for line in wrong))
        tally.examples = [*tally.examples, *wrong][:5]
        tally.deliveries += 1
    return tally


@pytest.fixture(scope="module")
def book(request: pytest.FixtureRequest) -> Iterator[list[Tally]]:
    """What was replayed; printed and written when all is done."""
    tallies: list[Tally] = []
    yield tallies
    total, different = (sum(getattr(each, name) for each in tallies) for name in ("deliveries", "differences"))
    lines = [f"{each.provider:8} {each.kind:28} {each.deliveries:9,} {each.differences:6,}" for each in tallies]
    table = ["", f"{'provider':8} {'kind':28} deliveries differences", *lines, f"{'together':37} {total:9,} {different:6,}"]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(table))
    if {(each.provider, each.kind) for each in tallies} != set(CASES):
        return  # a part of the kinds is not the record
    told = {"deliveries": total, "differences": different, "exempt": EXEMPT, "kinds": [asdict(each) for each in tallies]}
    place = ROOT / "build" / "callbacks.json"
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(told, indent=1))


@pytest.fixture(scope="module", params=PROVIDERS)
def base(request: pytest.FixtureRequest) -> Iterator[Base]:
    with engine_world() as world:
        yield Base(world, request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_no_repeat_changes_a_byte(base: Base, kind: str, book: list[Tally]) -> None:
    tally = replay(base.till(), kind, EACH)
    book.append(tally)
    assert set(tally.effects) >= EFFECTS_OF_ONE.get((tally.provider, kind), EFFECTS[kind])
    assert (tally.deliveries, tally.differences) == (EACH, 0), tally.examples


def test_enough_is_replayed() -> None:
    assert EACH * len(CASES) >= 20_000
    assert len(KINDS) >= 12
    assert set(EFFECTS) == set(KINDS)


# -- twins -----------------------------------------------------------------------------------------------------------------

FEW = 60


def overwriting(monkeypatch: pytest.MonkeyPatch, store: type, verb: str) -> None:
    """The guard is off: what must exist once is written over."""
    real = getattr(store, verb)
    monkeypatch.setattr(store, verb, lambda self, *given: replace(real(self, *given), when="", values={}))


def blind_for_receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.steps.settle.booking.receipt_key", lambda channel, txn: receipt_key(channel, f"{txn}-elsewhere"))
    overwriting(monkeypatch, PaymentStore, "received")


@pytest.mark.parametrize("base", ["alipay"], indirect=True)
def test_twin_without_the_receipts_uniqueness_a_repeat_moves_rows(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """THEN a second notice of the same money collides with its ledger entry for ever and is never done with."""
    blind_for_receipts(monkeypatch)
    assert replay(base.till(), "new number, same money", FEW).differences > 0


@pytest.mark.parametrize("base", ["alipay"], indirect=True)
def test_twin_without_the_ledgers_uniqueness_too_the_same_money_is_owed_back(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    blind_for_receipts(monkeypatch)
    overwriting(monkeypatch, LedgerStore, "posted")
    tally = replay(base.till(), "new number, same money", FEW)
    assert {"trade ORDER", "trade REFUND", "journal TXN"} <= set(tally.moved)


def test_twin_a_notice_that_is_kept_anew_each_time_moves_rows(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    overwriting(monkeypatch, PaymentStore, "stored")
    assert replay(base.till(), "duplicate later", FEW).differences > 0


def test_twin_one_byte_of_one_row_is_found(base: Base) -> None:
    """GIVEN a row that is changed in place, as no write does it THEN the comparison sees it all the same."""
    till = base.till()
    before = copy.deepcopy(till.rows())
    assert till.rows() == before
    key, row = next((key, row) for key, row in till.rows().items() if key[2] == "PAYMENT")
    row["method"]["S"] += " "
    assert moved(before, till.rows()) == [f"{key[0]} {key[1]}"]
    row["method"]["S"] = row["method"]["S"][:-1]

"""The rules: sound books break none, and each sentence that they can say is said of books in which it is true."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from faka.contexts.vault import CardText
from faka.platform.envelope import VERSION
from faka.steps import invariants
from faka.steps.invariants import kinds, violations
from faka.steps.invariants.facts import Facts
from tests.kit.engine import Engine
from tests.kit.world import World
from tests.unit.invariants import (  # noqa: F401 - each registers
    plants_batches,
    plants_cards,
    plants_money,
    plants_orders,
    plants_purchases,
    plants_recharges,
    plants_rows,
    plants_wallets,
)
from tests.unit.invariants.given import PLANTED, SKUS, Planted, Story, Watched, books_of, tampered


pytestmark = pytest.mark.unit

HERE = Path(invariants.__file__).parent


@pytest.mark.parametrize("is_quiet", [False, True])
def test_a_shop_to_which_everything_happened_breaks_no_promise(is_quiet: bool) -> None:
    assert tampered().violations(is_quiet=is_quiet) == []


def test_no_write_of_that_shop_leaves_a_promise_broken_that_holds_always() -> None:
    with mock_aws():
        client = Watched(Engine())
        world = World(client, skus=SKUS)
        client.look = lambda: _keeps_all(world)
        Story(world)
    assert client.writes > 150


def _keeps_all(world: World) -> None:
    found = violations(books_of(world), world.clock.now(), is_quiet=False)
    assert not found, "\n".join(map(str, found))


def test_a_case_about_a_supplier_leads_to_rows_that_are_not_orders() -> None:
    books = tampered()
    row = books.row("trade", f"CASE#case_short_withheld:{books.named['withheld']}")
    changes = {"pk": "CASE#case_supplier_gold:1", "id": "case_supplier_gold:1", "kind": "SUPPLIER", "ref": "gold"}
    books.add("trade", **{**row, **changes})
    assert books.violations() == []


def test_what_counts_as_sealed_is_what_the_envelope_seals() -> None:
    assert kinds.SEALED_FIRST == VERSION
    assert kinds.BETWEEN in CardText("1", "2").joined()
    sealed = [card for row in tampered().rows("vault", "PAGE#") for card in row["cards"]]
    assert min(map(len, sealed)) > 2 * kinds.SEALED_BYTES_MIN


@pytest.mark.parametrize("twin", PLANTED, ids=lambda twin: twin.name)
def test_a_broken_promise_is_told_as_that_promise(twin: Planted) -> None:
    books = tampered()
    twin.plant(books)
    found = books.violations(**twin.asked)
    assert {each.invariant for each in found} == twin.expected, "\n".join(map(str, found))


def sentences() -> Iterator[str]:
    """Where the rules say something: file and line of each call of `say`."""
    for path in sorted(HERE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
                yield f"{path.name}:{node.lineno}"


def test_every_sentence_of_the_rules_has_books_of_which_it_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    said: set[str] = set()
    say = Facts.say

    def heard(facts: Facts, invariant: str, subject: str, what: str) -> None:
        frame = sys._getframe(1)
        said.add(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
        say(facts, invariant, subject, what)

    monkeypatch.setattr(Facts, "say", heard)
    for twin in PLANTED:
        books = tampered()
        twin.plant(books)
        books.violations(**twin.asked)
    unsaid = sorted(set(sentences()) - said)
    assert not unsaid, unsaid

"""Editors at the same moment, on an engine whose conditional writes are atomic under threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from faka.contexts.catalog.errors import CategoryCycle, ProductMoved, TreeMoved
from faka.flows.bulk_edit import bulk_edit, undo
from faka.flows.edit_catalog import move_category, publish
from faka.kernel.errors import Conflict, FakaError, Unavailable
from tests.integration.given_catalog import shop
from tests.integration.test_catalog_bulk import CHEAPER, contents, stocked
from tests.kit.local import MiniStackTables
from tests.unit.catalog.given import product, text


pytestmark = pytest.mark.concurrency
EDITORS = 12


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """What each act answered or raised."""

    def outcome(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except FakaError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(outcome, acts))


def test_of_twelve_editors_of_one_version_one_publishes_and_eleven_are_told(ministack_tables: MiniStackTables) -> None:
    shops = [shop(ministack_tables.tables()) if not n else shop_again(ministack_tables) for n in range(EDITORS)]
    seen = publish(shops[0], product())
    answers = at_once([lambda n=n: publish(shops[n], seen.changed(title=text(en=f"Editor {n}"))) for n in range(EDITORS)])  # type: ignore[misc]
    won = [answer for answer in answers if not isinstance(answer, FakaError)]
    assert [one.version for one in won] == [2]
    assert {type(answer) for answer in answers} - {type(seen)} == {ProductMoved}
    live = shops[0].catalog.product("video-vip", fresh=True)
    assert live == won[0] == shops[0].catalog.product_version("video-vip", 2)
    assert shops[0].catalog.shelf(fresh=True)[0].title == live.title


def test_categories_moved_below_each_other_at_once_never_make_a_cycle(ministack_tables: MiniStackTables) -> None:
    shops = [shop(ministack_tables.tables()), shop_again(ministack_tables)]
    for _ in range(10):
        answers = at_once([lambda: move_category(shops[0], "media", "games"), lambda: move_category(shops[1], "games", "media")])
        assert {type(answer) for answer in answers if isinstance(answer, FakaError)} <= {TreeMoved, CategoryCycle}
        tree = shops[0].catalog.tree(fresh=True)
        assert len({node.id for _, node in tree.walk()}) == len(tree.categories), "everything hangs below the top level"
        at_once([lambda: move_category(shops[0], "media", None), lambda: move_category(shops[1], "games", None)])
        move_category(shops[0], "media", None)
        move_category(shops[0], "games", None)


def test_an_undo_beside_a_running_edit_ends_with_every_product_as_it_was(ministack_tables: MiniStackTables) -> None:
    one, other = shop(ministack_tables.tables()), shop_again(ministack_tables)
    names = [f"p{number:03}" for number in range(200)]
    before = stocked(one, names)
    answers = at_once([lambda: bulk_edit(one, "chg", CHEAPER, names, "op"), lambda: stubbornly(lambda: undo(other, "chg"))])
    assert all(isinstance(answer, Conflict | Unavailable) or not isinstance(answer, FakaError) for answer in answers), answers
    undo(other, "chg")
    assert contents(one, names) == before
    assert {live.version for live in one.catalog.products(names).values()} <= {1, 3}


def stubbornly(act: Callable[[], Any]) -> Any:
    """Ask until the change exists."""
    for _ in range(1_000):
        try:
            return act()
        except FakaError as error:
            last = error
    raise last


def shop_again(ministack_tables: MiniStackTables) -> Any:
    """Another process's view of the same tables."""
    return shop(ministack_tables.tables(), is_new=False)

"""A tree of categories stays a tree whatever is done to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.catalog import policy
from faka.contexts.catalog.categories import Category, CategoryTree
from faka.contexts.catalog.errors import CategoryCycle, CategoryInUse, CategoryNotFound, CategoryTooDeep, InvalidProduct
from faka.contexts.catalog.policy import lawful, move, put, remove
from faka.kernel.errors import FakaError
from faka.kernel.limits import CATEGORIES_MAX, CATEGORY_DEPTH_MAX
from tests.unit.catalog.given import text, tree


pytestmark = pytest.mark.unit
SHOP = tree(("media", None), ("video", "media"), ("film", "video"), ("music", "media"), ("games", None))


def test_a_three_level_subtree_moves_with_everything_below_it() -> None:
    moved = move(SHOP, "video", "games")
    assert [node.id for node in moved.path("film")] == ["games", "video", "film"]
    assert moved.subtree("games") == {"games", "video", "film"}
    assert moved.subtree("media") == {"media", "music"}


def test_moving_back_restores_the_tree() -> None:
    assert set(move(move(SHOP, "video", "games"), "video", "media").categories) == set(SHOP.categories)


@pytest.mark.parametrize("below", ["media", "video", "film"])
def test_a_category_cannot_be_hung_below_itself(below: str) -> None:
    with pytest.raises(CategoryCycle):
        move(SHOP, "media", below)


def test_without_the_check_the_same_move_makes_a_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "lawful", lambda tree: tree)
    broken = move(SHOP, "media", "film")
    assert [node.id for node in broken.path("film")].count("film") == 2, "the walk runs in a circle and only its bound ends it"
    with pytest.raises(CategoryCycle):
        lawful(broken)


def test_unknown_parents_and_categories_are_refused() -> None:
    for category, parent in (("video", "nowhere"), ("nowhere", None)):
        with pytest.raises(CategoryNotFound):
            move(SHOP, category, parent)
    with pytest.raises(CategoryNotFound):
        SHOP.subtree("nowhere")


def test_the_tree_has_four_levels_and_a_move_counts_what_hangs_below() -> None:
    deep = put(SHOP, "classic", "film", text(en="Classics"))
    assert len(deep.path("classic")) == CATEGORY_DEPTH_MAX
    with pytest.raises(CategoryTooDeep):
        put(deep, "silent", "classic", text(en="Silent"))
    with pytest.raises(CategoryTooDeep):
        move(deep, "video", "music")


def test_the_tree_has_a_largest_size() -> None:
    full = tree(*((f"c{number}", None) for number in range(CATEGORIES_MAX)))
    assert lawful(full) is full
    with pytest.raises(CategoryTooDeep):
        put(full, "one-more", None, text(en="One more"))


def test_two_categories_with_one_id_are_refused() -> None:
    with pytest.raises(InvalidProduct):
        lawful(tree(("a", None), ("a", None)))


def test_only_an_empty_category_is_removed() -> None:
    with pytest.raises(CategoryInUse):
        remove(SHOP, "video")
    assert "film" not in remove(SHOP, "film")


def test_children_stand_in_the_order_of_their_positions() -> None:
    ordered = put(put(SHOP, "zoo", None, text(en="Zoo"), 0), "media", None, text(en="Media"), 9)
    assert [node.id for node in ordered.children(None)] == ["games", "zoo", "media"]
    assert {node.id for _, node in ordered.walk()} == {node.id for node in ordered.categories}


NODES = [f"n{number}" for number in range(8)]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(NODES), st.none() | st.sampled_from(NODES)), max_size=40))
def test_after_any_moves_the_tree_is_whole_and_each_node_has_one_way_to_the_top(moves: list[tuple[str, str | None]]) -> None:
    current = tree(*((node, None) for node in NODES))
    for category, parent in moves:
        try:
            current = move(current, category, parent)
        except FakaError:
            continue
        assert parent is None or category in current.subtree(parent)
    assert {node.id for node in current.categories} == set(NODES)
    assert sorted(node.id for _, node in current.walk()) == sorted(NODES)
    for node in NODES:
        path = current.path(node)
        assert path[0].parent is None
        assert path[-1].id == node
        assert len({step.id for step in path}) == len(path) <= CATEGORY_DEPTH_MAX


@given(st.sampled_from([node.id for node in SHOP.categories]))
def test_a_subtree_is_exactly_the_nodes_whose_path_passes_it(category: str) -> None:
    passing = {node.id for node in SHOP.categories if category in {step.id for step in SHOP.path(node.id)}}
    assert SHOP.subtree(category) == passing


def test_an_empty_tree_is_lawful() -> None:
    assert lawful(CategoryTree()).children(None) == ()
    assert Category(id="a", name=text("甲")).parent is None

"""Publishing, versions, schedules and categories against DynamoDB."""

from dataclasses import replace
from datetime import timedelta

import pytest

from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.errors import (
    CategoryCycle,
    CategoryInUse,
    CategoryNotFound,
    ChannelNotFound,
    KindFixed,
    NotYetSold,
    OffShelf,
    ProductMoved,
    ProductNotFound,
    SkuTaken,
    TreeMoved,
)
from faka.contexts.catalog.model import ChannelRow
from faka.contexts.catalog.policy import lawful, move
from faka.contexts.catalog.store import CatalogStore, product_key, version_key
from faka.flows.browse import product_page, shelf
from faka.flows.edit_catalog import move_category, publish, put_category, remove_category, save_channel, schedule
from faka.kernel.errors import UnknownState
from faka.kernel.limits import CATALOG_CACHE_MAX, CATALOG_CACHE_S
from faka.platform.table import Key, TableName, Tables, Write, put
from faka.wiring import Deps
from tests.integration.given_catalog import shop
from tests.kit.clock import START, FrozenClock
from tests.unit.catalog.given import product, sku, text


pytestmark = pytest.mark.integration


@pytest.fixture
def deps(tables: Tables) -> Deps:
    return shop(tables)


def unguarded(write: Write) -> Write:
    """The same write with its condition off."""
    return replace(write, when="", values={})


# -- versions -------------------------------------------------------------------------------------------------------


def test_a_published_product_is_live_listed_and_kept_for_good(deps: Deps) -> None:
    published = publish(deps, product(state="LISTED"))
    assert published.version == 1
    assert deps.catalog.product("video-vip", fresh=True) == published
    assert deps.catalog.product_version("video-vip", 1) == published
    assert [row.id for row in deps.catalog.shelf(fresh=True)] == ["video-vip"]


def test_later_versions_and_unlisting_change_nothing_on_the_version_that_an_order_refers_to(deps: Deps) -> None:
    sold = publish(deps, product(state="LISTED", guide_after=text(en="Open settings, enter the code.")))
    second = publish(deps, sold.changed(guide_after=text(en="Another way."), skus=(sku("video-vip-month", 9_900),)))
    publish(deps, second.changed(state="UNLISTED"))
    assert deps.catalog.product_version("video-vip", 1) == sold
    assert deps.catalog.product("video-vip", fresh=True).version == 3


def test_an_editor_who_saw_an_older_version_is_told_and_changes_nothing(deps: Deps) -> None:
    seen = publish(deps, product())
    publish(deps, seen.changed(title=text(en="First editor")))
    with pytest.raises(ProductMoved) as caught:
        publish(deps, seen.changed(title=text(en="Second editor")))
    assert caught.value.row is not None
    assert caught.value.row["title"]["en"] == "First editor"
    assert deps.catalog.product("video-vip", fresh=True).title.en == "First editor"


def test_without_the_condition_the_second_editor_wipes_the_first_ones_work_out(deps: Deps) -> None:
    seen = publish(deps, product())
    for title in ("First editor", "Second editor"):
        deps.tables.commit([unguarded(write) for write in deps.catalog.publish(seen.changed(title=text(en=title)), seen.version)])
    live = deps.catalog.product("video-vip", fresh=True)
    assert (live.title.en, live.version) == ("Second editor", 2), "the lost update that the condition rules out"
    assert deps.catalog.product_version("video-vip", 2).title.en == "Second editor", "and the permanent version was overwritten"


def test_a_publish_repeated_after_a_lost_answer_is_one_version(deps: Deps) -> None:
    first = publish(deps, product())
    assert publish(deps, product()) == first
    again = first.changed(summary=text(en="Better"))
    assert publish(deps, again) == publish(deps, again)
    assert deps.catalog.product("video-vip", fresh=True).version == 2


def test_a_new_product_does_not_replace_one_with_the_same_id(deps: Deps) -> None:
    publish(deps, product())
    with pytest.raises(ProductMoved):
        publish(deps, product(title=text(en="Another thing")))


def test_two_products_cannot_sell_one_stock(deps: Deps) -> None:
    publish(deps, product("a", skus=(sku("shared"),)))
    with pytest.raises(SkuTaken):
        publish(deps, product("b", skus=(sku("own"), sku("shared"))))
    with pytest.raises(ProductNotFound):
        deps.catalog.product("b", fresh=True)


def test_without_ownership_of_sku_ids_two_products_would_sell_one_stock(deps: Deps) -> None:
    publish(deps, product("a", skus=(sku("shared"),)))
    deps.tables.commit([unguarded(write) for write in deps.catalog.publish(product("b", skus=(sku("shared"),)), 0)])
    assert deps.catalog.product("a").sku("shared").id == deps.catalog.product("b").sku("shared").id


def test_a_sku_id_stays_with_its_product_after_the_sku_is_gone(deps: Deps) -> None:
    first = publish(deps, product("a", skus=(sku("old"), sku("new"))))
    second = publish(deps, first.changed(skus=(sku("new"),)))
    with pytest.raises(SkuTaken):
        publish(deps, product("b", skus=(sku("old"),)))
    assert publish(deps, second.changed(skus=(sku("old"), sku("new")))).version == 3


def test_what_cannot_be_sold_yet_is_refused_whole(deps: Deps) -> None:
    with pytest.raises(NotYetSold):
        publish(deps, product("bundle", kind="BUNDLE", state="LISTED"))
    with pytest.raises(ProductNotFound):
        deps.catalog.product("bundle")
    assert publish(deps, product("bundle", kind="BUNDLE")).version == 1
    with pytest.raises(NotYetSold):
        schedule(deps, "bundle", None, None)


def test_a_product_needs_an_existing_category_and_keeps_its_kind(deps: Deps) -> None:
    with pytest.raises(CategoryNotFound):
        publish(deps, product(category="nowhere"))
    first = publish(deps, product())
    with pytest.raises(KindFixed):
        publish(deps, first.changed(kind="LINK"))
    with pytest.raises(ProductNotFound):
        publish(deps, product("never-seen", version=4))


def test_a_row_that_does_not_fit_its_model_pages_somebody_instead_of_being_sold(deps: Deps) -> None:
    publish(deps, product())
    key = product_key("video-vip")
    deps.tables.commit([put(TableName.CATALOG, {"pk": key.pk, "sk": key.sk, "id": "video-vip", "price": "free"})])
    with pytest.raises(UnknownState):
        deps.catalog.product("video-vip", fresh=True)


# -- memory of two seconds --------------------------------------------------------------------------------------------


def test_pages_see_an_edit_within_two_seconds_and_checkout_at_once(deps: Deps, tables: Tables) -> None:
    clock = FrozenClock()
    door = CatalogStore(tables, clock)
    first = publish(deps, product(state="LISTED"))
    assert (door.product("video-vip"), len(door.shelf())) == (first, 1)
    second = publish(deps, first.changed(state="UNLISTED"))
    clock.advance(CATALOG_CACHE_S)
    assert door.product("video-vip") == first
    assert door.product("video-vip", fresh=True) == second, "checkout reads past the memory"
    assert door.product("video-vip") == second, "and what it read is remembered"
    clock.advance(0.001)
    assert door.shelf()[0].version == 2


def test_a_clock_that_steps_back_does_not_freeze_the_memory(deps: Deps, tables: Tables) -> None:
    clock = FrozenClock()
    door = CatalogStore(tables, clock)
    first = publish(deps, product())
    door.product("video-vip")
    second = publish(deps, first.changed(summary=text(en="x")))
    clock.set(START - timedelta(hours=1))
    assert door.product("video-vip") == second


def test_the_memory_is_bounded_and_keeps_no_misses(deps: Deps, tables: Tables) -> None:
    door = CatalogStore(tables, FrozenClock())
    with pytest.raises(ProductNotFound):
        door.product("video-vip")
    publish(deps, product())
    assert door.product("video-vip").version == 1
    for number in range(CATALOG_CACHE_MAX + 10):
        door._recent.get(("made-up", str(number)), lambda: 1)
    assert len(door._recent._kept) == CATALOG_CACHE_MAX


# -- the shelf by time --------------------------------------------------------------------------------------------------


def test_a_schedule_opens_and_closes_at_its_moment_even_when_pages_answer_from_memory(deps: Deps) -> None:
    publish(deps, product())
    opens, closes = START + timedelta(seconds=1), START + timedelta(seconds=2)
    schedule(deps, "video-vip", opens, closes)
    seen = []
    for ms in (0, 999, 1_000, 1_999, 2_000):
        at = START + timedelta(milliseconds=ms)
        seen.append(len(shelf(deps, None, at).tiles))
    assert seen == [0, 0, 1, 1, 0]


def test_a_product_page_says_when_it_opens_and_is_gone_when_it_has_closed(deps: Deps) -> None:
    publish(deps, product())
    schedule(deps, "video-vip", START + timedelta(hours=1), START + timedelta(hours=2))
    soon = product_page(deps, "video-vip", START)
    assert not soon.is_open
    assert soon.product.on_at == START + timedelta(hours=1)
    assert product_page(deps, "video-vip", START + timedelta(hours=1)).is_open
    with pytest.raises(ProductNotFound):
        product_page(deps, "video-vip", START + timedelta(hours=2))
    with pytest.raises(OffShelf):
        deps.catalog.product("video-vip", fresh=True).require_on_shelf(START)


@pytest.mark.parametrize("state", ["DRAFT", "UNLISTED"])
def test_a_draft_and_an_unlisted_product_look_like_none(deps: Deps, state: str) -> None:
    publish(deps, product(state=state))
    for name in ("video-vip", "never-seen"):
        with pytest.raises(ProductNotFound):
            product_page(deps, name, START)


# -- categories ----------------------------------------------------------------------------------------------------------


def test_a_subtree_moves_in_one_write_and_its_products_go_with_it(deps: Deps) -> None:
    publish(deps, product(category="film", state="LISTED"))
    assert len(shelf(deps, "media", START).tiles) == 1
    before = deps.catalog.tree(fresh=True)
    after = move_category(deps, "video", "games")
    assert after.version == before.version + 1
    assert not shelf(deps, "media", START).tiles
    listed = shelf(deps, "games", START)
    assert [tile.id for tile in listed.tiles] == ["video-vip"]
    assert [node.id for node in product_page(deps, "video-vip", START).path] == ["games", "video", "film"]
    with pytest.raises(CategoryCycle):
        move_category(deps, "games", "film")


def test_two_moves_made_from_one_tree_cannot_both_win(deps: Deps) -> None:
    seen = deps.catalog.tree(fresh=True)
    one, other = move(seen, "media", "games"), move(seen, "games", "media")
    deps.tables.commit([deps.catalog.save_tree(one)])
    with pytest.raises(TreeMoved):
        deps.tables.commit([deps.catalog.save_tree(other)])


def test_without_the_version_two_lawful_edits_lose_one_another(deps: Deps) -> None:
    seen = deps.catalog.tree(fresh=True)
    for parent in ("media", "games"):
        tree = CategoryTree(
            categories=(*seen.categories, move(seen, "film", parent).get("film").model_copy(update={"id": f"x-{parent}"})),
            version=seen.version,
        )
        deps.tables.commit([unguarded(deps.catalog.save_tree(lawful(tree)))])
    assert "x-media" not in deps.catalog.tree(fresh=True), "the first editor's category is lost"


def test_a_category_with_products_or_children_is_not_removed(deps: Deps) -> None:
    publish(deps, product(category="film"))
    for name in ("film", "video"):
        with pytest.raises(CategoryInUse):
            remove_category(deps, name)
    put_category(deps, "empty", "media", text(en="Empty"))
    assert "empty" not in remove_category(deps, "empty")


# -- listing -------------------------------------------------------------------------------------------------------------


def test_an_unknown_category_is_not_an_empty_listing(deps: Deps) -> None:
    with pytest.raises(CategoryNotFound):
        shelf(deps, "nowhere", START)


def test_a_listing_has_pages_and_a_page_beyond_the_last_shows_the_last(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.flows.browse.SHELF_PAGE", 2)
    for number in range(5):
        publish(deps, product(f"p{number}", state="LISTED", position=number))
    listed = [shelf(deps, None, START, page) for page in (1, 3, 99, -1)]
    assert [[tile.id for tile in page.tiles] for page in listed] == [["p0", "p1"], ["p4"], ["p4"], ["p0", "p1"]]
    assert {(page.total, page.pages) for page in listed} == {(5, 3)}


def test_a_tile_tells_the_best_stock_among_its_skus(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(deps, product(state="LISTED", skus=(sku("month", 300), sku("year", 900))))
    monkeypatch.setattr(deps.stock, "available", lambda skus, strong=False: {name: 3 if name == "year" else 0 for name in skus})
    (tile,) = shelf(deps, None, START).tiles
    assert (tile.stock, tile.price_from.minor, tile.price_to.minor) == ("few", 300, 900)
    assert product_page(deps, "video-vip", START).stock == {"month": "none", "year": "few"}


# -- channels --------------------------------------------------------------------------------------------------------------


def channel(name: str, **fields: object) -> ChannelRow:
    written = {"kind": "epay", "title": text(en=name), "methods": ("epay",), "account": {"pid": "1000"}, "gateway": "https://pay.example"}
    return ChannelRow.model_validate({"id": name, "secret_name": f"faka/channels/{name}", "enabled": True} | written | fields)


def test_a_page_offers_the_enabled_channels_of_the_products_currency_in_order(deps: Deps) -> None:
    publish(deps, product(state="LISTED"))
    for one in (channel("b", position=2), channel("a", position=3), channel("off", enabled=False), channel("usd", currency="USD")):
        save_channel(deps, one)
    assert [one.id for one in product_page(deps, "video-vip", START).channels] == ["b", "a"]
    assert deps.catalog.channel("off").enabled is False
    with pytest.raises(ChannelNotFound):
        deps.catalog.channel("nowhere")


def test_rows_stand_where_the_chart_says(deps: Deps) -> None:
    publish(deps, product())
    wanted = [product_key("video-vip"), version_key("video-vip", 1), Key(TableName.CATALOG, "SHELF", "video-vip")]
    assert len(deps.tables.batch_get(wanted)) == 3
    assert version_key("video-vip", 1).sk == "V#000001"

"""What a product may be, which version follows which, and when it is on the shelf."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from faka.contexts.catalog.errors import (
    ChannelNotFound,
    InvalidProduct,
    KindFixed,
    NoticeNotRenewed,
    NotYetSold,
    OffShelf,
    ProductNotFound,
    UnknownSku,
)
from faka.contexts.catalog.listing import ShelfRow
from faka.contexts.catalog.model import ListingState, Product, Sku
from faka.contexts.catalog.policy import StockWord, read_product, require_publishable, stock_word
from faka.contexts.catalog.store import CatalogStore
from faka.contexts.catalog.texts import Localized
from faka.kernel.errors import InvalidRequest
from faka.kernel.limits import AMOUNT_MINOR_MAX, ORDER_CARDS_MAX, PRODUCT_BYTES_MAX, STOCK_FEW
from faka.platform.table import Tables
from tests.kit.clock import FrozenClock
from tests.unit.catalog.given import product, sku, text


pytestmark = pytest.mark.unit
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)


# -- texts --------------------------------------------------------------------------------------------------------


def test_a_text_is_answered_in_the_language_asked_for() -> None:
    both = text("会员", "Membership")
    assert [both.pick(tag) for tag in ("zh", "zh_CN", "ZH-hans", "en", "en-GB", "fr")] == ["会员"] * 3 + ["Membership"] * 3


@given(zh=st.sampled_from(["", "会员"]), en=st.sampled_from(["", "Membership"]), lang=st.sampled_from(["zh", "zh-CN", "en", "de", ""]))
def test_a_text_that_exists_in_any_language_is_never_answered_empty(zh: str, en: str, lang: str) -> None:
    localized = Localized(zh=zh, en=en)
    assert bool(localized.pick(lang)) == bool(zh or en) == bool(localized)
    assert localized.missing == tuple(name for name, words in (("zh", zh), ("en", en)) if not words)


@pytest.mark.parametrize(
    "bad", ["\x00", "a\x07b", "\x1b[31m", "\x7f", "\x85", "\u202eevil", "\u2066x", "a\u2028b", "\ufeffx", "\ud800", "\r"]
)
def test_control_characters_are_refused_in_every_text(bad: str) -> None:
    with pytest.raises(ValidationError):
        Localized(en=bad)


@pytest.mark.parametrize("fine", ["👩‍👩‍👧‍👦 family 🎬", "𠮷野家", "tab\tand\nline", "é ü ß", "100 % <b>&amp;"])
def test_emoji_four_byte_and_markup_characters_are_texts_like_others(fine: str) -> None:
    assert Localized(zh=fine).pick("zh") == fine


def test_windows_line_ends_become_plain_ones() -> None:
    assert Localized(en="a\r\nb").en == "a\nb"


@pytest.mark.parametrize("bad", [text(), text("x" * 81), text("two\nlines"), text(en=" padded")])
def test_a_title_is_one_short_line_in_at_least_one_language(bad: Localized) -> None:
    with pytest.raises(ValidationError):
        product(title=bad)


# -- prices and limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", [-1, 1.0, 15.8, "1580", True, None, AMOUNT_MINOR_MAX + 1])
def test_a_price_is_a_bounded_whole_number_of_minor_units(minor: object) -> None:
    with pytest.raises(ValidationError):
        Sku.model_validate({"id": "a", "name": {"en": "A"}, "price": {"minor": minor, "currency": "CNY"}, "per_order_max": 1})


def test_a_free_sku_is_a_price_of_zero() -> None:
    assert sku(minor=0).price.minor == 0


@pytest.mark.parametrize(
    "limits",
    [
        {"per_order_min": 0},
        {"per_order_max": 0},
        {"per_order_max": -1},
        {"per_order_max": ORDER_CARDS_MAX + 1},
        {"per_order_min": 3, "per_order_max": 2},
        {"per_order_max": 1.0},
        {"per_order_max": "5"},
        {"per_order_max": True},
        {"shards": 0},
        {"shards": 17},
    ],
)
def test_limits_of_an_order_are_bounded_whole_numbers(limits: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        sku(**limits)


def test_the_largest_order_of_a_sku_stays_below_the_largest_amount() -> None:
    with pytest.raises(ValidationError):
        sku(minor=AMOUNT_MINOR_MAX // 10 + 1, per_order_max=10)
    assert sku(minor=AMOUNT_MINOR_MAX // 10, per_order_max=10).per_order_max == 10


def test_a_missing_or_unknown_sku_is_refused_and_never_priced_like_another() -> None:
    for asked in ("", "vip-year", "VIP-MONTH", "video-vip-month "):
        with pytest.raises(UnknownSku):
            product().sku(asked)


@pytest.mark.parametrize("handle", ["", "A", "a_b", "-a", "a-", "a" * 49, "é", "a b", "../x", "１"])
def test_ids_are_handles(handle: str) -> None:
    with pytest.raises(InvalidRequest):
        product(handle)


def test_skus_of_a_product_are_distinct_in_one_currency_and_in_the_order_of_their_positions() -> None:
    with pytest.raises(ValidationError):
        product(skus=(sku("a"), sku("a")))
    usd = sku("b").model_copy(update={"price": sku().price.model_copy(update={"currency": "USD"})})
    with pytest.raises(ValidationError):
        product(skus=(sku("a"), usd))
    with pytest.raises(ValidationError):
        product(skus=())
    assert [one.id for one in product(skus=(sku("b", position=2), sku("a", position=1))).skus] == ["a", "b"]


def test_a_changed_copy_is_checked_like_a_new_product() -> None:
    with pytest.raises(ValidationError):
        product().changed(skus=())


# -- the shelf and the clock ----------------------------------------------------------------------------------------


def test_a_product_opens_and_closes_at_the_very_millisecond() -> None:
    timed = product(state="LISTED", on_at=NOON, off_at=NOON + timedelta(hours=1))
    moments = [NOON - MS, NOON, NOON + timedelta(hours=1) - MS, NOON + timedelta(hours=1)]
    assert [timed.is_on_shelf(at) for at in moments] == [False, True, True, False]
    assert [timed.opens_after(at) for at in moments] == [True, False, False, False]
    with pytest.raises(OffShelf):
        timed.require_on_shelf(NOON - MS)
    timed.require_on_shelf(NOON)


@given(
    minutes=st.integers(-100, 100),
    state=st.sampled_from(ListingState),
    on=st.none() | st.integers(-50, 0),
    off=st.none() | st.integers(1, 50),
)
def test_listing_row_and_product_agree_on_the_shelf_at_any_moment(
    minutes: int, state: ListingState, on: int | None, off: int | None
) -> None:
    def window(count: int | None) -> datetime | None:
        return None if count is None else NOON + timedelta(minutes=count)

    timed = product(state=state, on_at=window(on), off_at=window(off))
    at = NOON + timedelta(minutes=minutes)
    expected = state is ListingState.LISTED and (on is None or minutes >= on) and (off is None or minutes < off)
    assert timed.is_on_shelf(at) == ShelfRow.of(timed).is_on_shelf(at) == expected


@pytest.mark.parametrize("bad", [1763726400, "2026-11-21T20:00:00", datetime(2026, 11, 21), "soon", True])
def test_a_time_without_its_zone_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        product(on_at=bad)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError):
        product(on_at=NOON, off_at=NOON)


def test_a_tile_names_the_cheapest_and_the_dearest_price() -> None:
    row = ShelfRow.of(product(skus=(sku("b", 300), sku("a", 200), sku("c", 900))))
    assert (row.price_from.minor, row.price_to.minor) == (200, 900)


# -- versions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["VOUCHER", "BUNDLE"])
def test_kinds_that_cannot_be_delivered_yet_may_be_drafts_but_not_listed(kind: str) -> None:
    require_publishable(product(kind=kind), None)
    with pytest.raises(NotYetSold, match="no way yet to deliver"):
        require_publishable(product(kind=kind, state="LISTED"), None)


@pytest.mark.parametrize("kind", ["CARD", "LINK"])
def test_cards_and_links_may_be_listed(kind: str) -> None:
    require_publishable(product(kind=kind, state="LISTED"), None)


def test_kind_and_currency_stay_because_stock_and_orders_refer_to_them() -> None:
    with pytest.raises(KindFixed):
        require_publishable(product(kind="LINK"), product())


def test_a_notice_with_new_words_needs_a_new_version() -> None:
    before = product(notice=text(en="No refund once shown."), notice_version="2026-01")
    with pytest.raises(NoticeNotRenewed):
        require_publishable(before.changed(notice=text(en="No refund.")), before)
    require_publishable(before.changed(notice=text(en="No refund."), notice_version="2026-02"), before)
    with pytest.raises(ValidationError):
        product(notice=text(en="No refund."))


def test_texts_that_fit_one_by_one_may_still_be_too_long_together() -> None:
    long = text("🎬" * 20_000, "🎬" * 20_000)
    heavy = product(description=long, rights=long)
    assert len(heavy.model_dump_json().encode()) > PRODUCT_BYTES_MAX
    with pytest.raises(InvalidProduct):
        require_publishable(heavy, None)


def test_a_product_as_written_down_is_refused_with_the_names_of_its_faults_and_without_their_values() -> None:
    written = {
        "id": "a",
        "kind": "CARD",
        "category": "c",
        "title": {"en": "SENTINEL\x00"},
        "skus": [{"id": "s", "name": {"en": "S"}}],
        "prise": 1,
    }
    with pytest.raises(InvalidProduct) as caught:
        read_product(written)
    message = str(caught.value)
    assert "title.en" in message
    assert "skus.0.price" in message
    assert "prise" in message
    assert "SENTINEL" not in message


def test_a_product_survives_its_row_form() -> None:
    full = product(
        state="LISTED", on_at=NOON, notice=text(en="x"), notice_version="1", skus=(sku("a", face_value=text(en="100")),), change="chg"
    )
    assert Product.model_validate(full.model_dump(mode="json", exclude_none=True)) == full


# -- words for stock ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("available", "smallest_order", "word"),
    [
        (0, 1, StockWord.NONE),
        (1, 1, StockWord.FEW),
        (STOCK_FEW - 1, 1, StockWord.FEW),
        (STOCK_FEW, 1, StockWord.PLENTY),
        (19, 20, StockWord.NONE),
        (20, 20, StockWord.PLENTY),
        (-1, 1, StockWord.NONE),
    ],
)
def test_stock_is_told_in_words_that_fit_the_smallest_order(available: int, smallest_order: int, word: StockWord) -> None:
    assert stock_word(available, smallest_order) is word


@pytest.mark.parametrize("name", ["", " ", "A", "-a", "a" * 3000, "ü", "a/b", "\x00"])
def test_a_name_that_cannot_be_one_is_not_looked_up(tables: Tables, name: str) -> None:
    store = CatalogStore(tables, FrozenClock())
    with pytest.raises(ProductNotFound):
        store.product(name, fresh=True)
    with pytest.raises(ChannelNotFound):
        store.channel(name, fresh=True)

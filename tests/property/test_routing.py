"""The rule of routing under generated shops: never a closed channel, one account of each group, the same for the same order."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.catalog import routing
from faka.contexts.catalog.model import ChannelRow
from faka.contexts.catalog.routing import METHODS, OFFERED_MAX, Standing, Wish, method_for, offered, takes
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency, Money
from tests.unit.catalog.given import text


pytestmark = pytest.mark.property

KINDS = ["alipay", "wechatpay", "epay", "epay_rsa", "stripe", "epusdt"]
ALL = sorted({method for methods in METHODS.values() for method in methods})
SIGHTS = ["PC", "MOBILE", "WECHAT"]
amounts = st.integers(0, 10_000)


def channel(name: str, **fields: Any) -> ChannelRow:
    facts = {"kind": "epay", "title": text(en=name), "enabled": True, "methods": ("epay",), "account": {}, "gateway": "https://pay.test/"}
    return ChannelRow.model_validate({"id": name, "secret_name": f"faka/channels/{name}"} | facts | fields)


@st.composite
def rows(draw: st.DrawFn) -> list[ChannelRow]:
    found = []
    for number in range(draw(st.integers(0, 7))):
        least = draw(amounts)
        found.append(
            channel(
                f"c{number}",
                kind=draw(st.sampled_from(KINDS)),
                enabled=draw(st.booleans()),
                methods=tuple(draw(st.lists(st.sampled_from(ALL), min_size=1, max_size=4, unique=True))),
                currency=draw(st.sampled_from([Currency.CNY, Currency.CNY, Currency.USD])),
                devices=tuple(draw(st.lists(st.sampled_from(SIGHTS), min_size=1, unique=True))),
                group=draw(st.sampled_from(["", "", "alipay", "wechat"])),
                weight=draw(st.integers(0, 3)),
                position=draw(st.integers(0, 3)),
                amount_min_minor=least,
                amount_max_minor=draw(st.integers(least, 20_000)),
                max_unsettled_minor=draw(st.sampled_from([0, 0, 5_000])),
            )
        )
    return found


standing = st.builds(Standing, is_usable=st.booleans(), is_healthy=st.booleans(), taken_minor=st.integers(0, 8_000))
standings = st.lists(standing, min_size=7, max_size=7).map(lambda known: {ChannelId(f"c{n}"): one for n, one in enumerate(known)})


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    units = {Currency.CNY: Money(minor=draw(amounts), currency=Currency.CNY)}
    if draw(st.booleans()):
        units[Currency.USD] = Money(minor=draw(amounts), currency=Currency.USD)
    order = f"ord_{draw(st.integers(0, 10**6))}"
    return Wish(units=units, quantity=draw(st.integers(1, 3)), sight=draw(st.sampled_from(SIGHTS)), order_id=order)


@settings(max_examples=300)
@given(rows(), wishes(), standings)
def test_only_what_may_take_the_order_is_shown(shop: list[ChannelRow], wish: Wish, known: dict[ChannelId, Standing]) -> None:
    for row in offered(shop, wish, known):
        unit, stands = wish.units[row.currency], known[row.id]
        goods = unit.minor * wish.quantity
        assert row.enabled
        assert stands.is_usable
        assert stands.is_healthy
        assert row.amount_min_minor <= goods <= row.amount_max_minor
        assert not row.max_unsettled_minor or stands.taken_minor + goods <= row.max_unsettled_minor
        assert method_for(row, wish.sight) in row.methods
        assert wish.sight in row.devices


@settings(max_examples=300)
@given(rows(), wishes(), standings)
def test_each_way_that_has_an_open_account_is_shown_once(shop: list[ChannelRow], wish: Wish, known: dict[ChannelId, Standing]) -> None:
    shown = Counter(row.way for row in offered(shop, wish, known))
    open_ways = {row.way for row in shop if takes(row, wish, known[row.id])}
    assert set(shown) == open_ways
    assert max(shown.values(), default=1) == 1
    assert len(shown) <= OFFERED_MAX


@given(rows(), wishes(), standings, st.randoms())
def test_the_same_order_gets_the_same_accounts_in_whatever_order_rows_come(
    shop: list[ChannelRow], wish: Wish, known: dict[ChannelId, Standing], chance: Any
) -> None:
    mixed = list(shop)
    chance.shuffle(mixed)
    assert {row.id for row in offered(mixed, wish, known)} == {row.id for row in offered(shop, wish, known)}


@given(rows(), wishes(), standings)
def test_closing_one_account_moves_only_the_orders_that_it_had(
    shop: list[ChannelRow], wish: Wish, known: dict[ChannelId, Standing]
) -> None:
    before = {row.way: row.id for row in offered(shop, wish, known)}
    for gone in shop:
        rest = known | {gone.id: Standing(is_usable=False)}
        after = {row.way: row.id for row in offered(shop, wish, rest)}
        assert {way: one for way, one in before.items() if one != gone.id} == {
            way: after.get(way) for way, one in before.items() if one != gone.id
        }


@given(rows(), wishes())
def test_a_channel_of_which_nothing_is_known_is_closed(shop: list[ChannelRow], wish: Wish) -> None:
    assert offered(shop, wish, {}) == ()


def drawn(weights: dict[str, int], orders: int = 3_000) -> Counter[str]:
    shop = [channel(name, group="alipay", weight=weight) for name, weight in weights.items()]
    known = {row.id: Standing() for row in shop}
    unit = {Currency.CNY: Money(minor=100, currency=Currency.CNY)}
    return Counter(offered(shop, Wish(units=unit, quantity=1, sight="PC", order_id=f"ord_{n}"), known)[0].id for n in range(orders))


def test_accounts_of_a_group_share_its_orders_by_their_weights() -> None:
    """Three standard deviations of 3,000 draws are 2.6 points; the orders' numbers are fixed, so this is no gamble."""
    shares = drawn({"a": 100, "b": 200, "c": 700})
    assert [round(shares[name] / 30) for name in "abc"] == pytest.approx([10, 20, 70], abs=3)


def test_an_account_without_weight_takes_orders_only_alone() -> None:
    assert set(drawn({"a": 0, "b": 1}, 300)) == {"b"}
    assert set(drawn({"a": 0}, 30)) == {"a"}


def test_the_accounts_before_the_last_bound_are_the_ones_shown() -> None:
    shop = [channel(f"c{n}", position=n) for n in range(OFFERED_MAX + 3)]
    unit = {Currency.CNY: Money(minor=100, currency=Currency.CNY)}
    wish = Wish(units=unit, quantity=1, sight="PC", order_id="ord_1")
    assert [row.id for row in offered(shop, wish, {row.id: Standing() for row in shop})] == [row.id for row in shop[:OFFERED_MAX]]


@pytest.mark.parametrize("fact", ["is_usable", "is_healthy"])
def test_twin_a_rule_that_does_not_ask_shows_a_closed_channel(monkeypatch: pytest.MonkeyPatch, fact: str) -> None:
    shop = [channel("c0")]
    wish = Wish(units={Currency.CNY: Money(minor=100, currency=Currency.CNY)}, quantity=1, sight="PC", order_id="ord_1")
    known = {ChannelId("c0"): Standing.model_validate({fact: False})}
    assert offered(shop, wish, known) == ()
    monkeypatch.setattr(routing, "takes", lambda *_: True)
    assert [row.id for row in offered(shop, wish, known)] == ["c0"]

"""Several domains lead to the one door: whichever a provider calls, its notice is believed once, by what it says itself.

The door asks for no host and no origin: a notice proves itself by its signature and the account in it, and the domain that
carried it proves nothing. So a domain can be lost, blocked or changed while payments are under way.
"""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from faka.contexts.catalog.model import ChannelRow
from faka.contexts.orders.model import Order
from faka.contexts.payments.store import PaymentStore, receipt_key
from faka.flows.order_page import open_order
from faka.kernel.errors import InvalidRequest
from faka.kernel.exchange import RawRequest
from tests.kit.doors import CONTEXT, event, load, read
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration

DOMAINS = ["notify.test", "pay.second.example", "cb.third.example:8443", "203.0.113.9"]
BASES = ["https://notify-two.example", "https://notify-three.example"]


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3)
        yield made


def arrives(world: World, raw: RawRequest, host: str, channel: str = "alipay", **headers: str) -> str:
    """The notice at the door of one domain; answers the door's words."""
    path, params = f"/v1/callbacks/{channel}/{channel}", {"channel": channel, "account": channel}
    sent = {**raw.headers, "host": host, **headers}
    given = event(raw.method, "/v1/callbacks/{channel}/{account}", path, params, urlencode(raw.query), raw.body, sent, "203.0.113.7")
    function = load("callbacks")
    with patch.object(function, "deps", world.deps):
        page = read(function.handler(given, CONTEXT))
    return f"{page.status} {page.text}"


def receipts(world: World) -> int:
    return len([row for row in world.rows("test-trade") if row["pk"].startswith("CHANNELTXN#")])


def bought(world: World, **base: str) -> tuple[Order, Any]:
    row = world.providers.alipay.row()
    world.deps.tables.commit([world.deps.catalog.save_channel(ChannelRow.model_validate(row.model_dump() | base))])
    world.deps.catalog.forget()
    order = world.buy()
    return order, open_order(world.deps, order.id, world.proof(order)).checkout


@pytest.mark.parametrize("first", DOMAINS)
def test_the_same_notice_over_every_domain_is_acknowledged_and_booked_once(world: World, first: str) -> None:
    order, _ = bought(world)
    [raw] = world.notices(order)
    for host in (first, *DOMAINS):
        assert arrives(world, raw, host) == "200 success"
    assert receipts(world) == 1
    assert world.order(order).paid_at is not None
    assert len(world.secrets(order)) == 1


def test_a_provider_that_says_where_it_comes_from_is_not_taken_for_a_browser(world: World) -> None:
    order, _ = bought(world)
    [raw] = world.notices(order)
    assert arrives(world, raw, DOMAINS[1], origin="https://openapi.pay.example") == "200 success"


def test_a_forged_notice_is_refused_on_every_domain(world: World) -> None:
    order, _ = bought(world)
    [raw] = world.notices(order)
    body = raw.body.replace(b"total_amount=15.80", b"total_amount=15.81")
    assert body != raw.body
    for host in DOMAINS:
        assert arrives(world, raw.model_copy(update={"body": body}), host).startswith("401")
    assert receipts(world) == 0


def told(checkout: Any) -> str:
    """The address that the provider is asked to call."""
    fields = dict(checkout.fields) or {name: values[0] for name, values in parse_qs(urlsplit(checkout.url).query).items()}
    return str(fields["notify_url"])


def test_an_account_names_the_domain_that_its_provider_calls(world: World) -> None:
    assert told(bought(world)[1]) == "https://notify.test/v1/callbacks/alipay/alipay"
    for base in BASES:
        assert told(bought(world, notify_base=base)[1]) == f"{base}/v1/callbacks/alipay/alipay"


def test_a_payment_that_began_on_a_domain_that_is_given_up_still_arrives(world: World) -> None:
    order, _ = bought(world, notify_base=BASES[0])
    [raw] = world.notices(order)
    bought(world, notify_base=BASES[1])
    assert arrives(world, raw, "notify-two.example") == "200 success"
    assert world.order(order).paid_at is not None


@pytest.mark.parametrize(
    "base", ["notify.example", "ftp://x.example", "https://x.example/path", "https://x.example?q=1", "https://x example"]
)
def test_a_domain_is_a_scheme_and_a_host_and_nothing_else(world: World, base: str) -> None:
    with pytest.raises(ValueError, match="notify_base"):
        bought(world, notify_base=base)


def test_twin_a_door_that_asks_for_its_host_loses_the_notices_of_the_other_domains(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    function = load("callbacks")
    real = function.take_notice

    def only_own(deps: Any, channel: Any, raw: RawRequest) -> Any:
        if raw.headers.get("host") != "notify.test":
            raise InvalidRequest("host")
        return real(deps, channel, raw)

    monkeypatch.setattr(function, "take_notice", only_own)
    order, _ = bought(world)
    [raw] = world.notices(order)
    assert arrives(world, raw, DOMAINS[1]).startswith("4")
    assert world.order(order).paid_at is None


def test_twin_without_inbox_and_receipt_each_domain_would_be_one_payment_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two rows that make it once: the inbox by the fact, the receipt by the provider's transaction."""
    order, _ = bought(world)
    [raw] = world.notices(order)
    assert arrives(world, raw, DOMAINS[0]) == "200 success"
    [row] = [row for row in world.rows("test-trade") if row["pk"].startswith("CHANNELTXN#")]
    assert row["pk"] == receipt_key(row["channel_id"], row["channel_txn_id"]).pk
    real = PaymentStore.stored
    calls: list[str] = []

    def seen(self: PaymentStore, notice: Any, due_at: Any) -> Any:
        calls.append(notice.dedupe_key)
        return real(self, notice, due_at)

    monkeypatch.setattr(PaymentStore, "stored", seen)
    for host in DOMAINS:
        arrives(world, raw, host)
    assert len(set(calls)) == 1, "the domain is no part of a notice's identity"
    assert receipts(world) == 1

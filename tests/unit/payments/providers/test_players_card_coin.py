"""Stripe's and the stablecoin gateway's players over HTTP: made, seen by a browser, paid without a notice, found by a question."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from faka.contexts.payments.providers import open_account, open_channel
from faka.contexts.payments.providers.base import CloseResult, EventState, PaymentOrder
from faka.contexts.payments.providers.bill import BillNotReady
from faka.kernel.clock import business_day
from faka.kernel.ids import ChannelId, OrderId, out_trade_no, payment_id, ulid
from faka.kernel.money import Currency, Money
from faka.kernel.secret import Secret
from faka.platform.outbound import Outbound
from faka.platform.real import SystemClock
from infra.local.actors.server import Server, create_server
from tests.kit.clock import SeededChance
from tests.kit.providers import shared_keys


pytestmark = pytest.mark.integration


@pytest.fixture
def server() -> Iterator[Server]:
    server = create_server(0, None, keys=shared_keys())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def opened(server: Server, kind: str) -> Any:
    [channel] = server.players.keys.channels(server.players.base, (kind,))
    facts = {name: channel[name] for name in ("kind", "account", "gateway", "public_key")}
    secret = {name: Secret(value) for name, value in channel["secret"].items()}
    account = open_account(channel_id=ChannelId(kind), currency=Currency.CNY, secrets=[secret], **facts)
    return open_channel(account, Outbound(allows_loopback=True), SystemClock())


@pytest.mark.parametrize(("kind", "method"), [("stripe", "card"), ("epusdt", "usdt")])
def test_an_attempt_lives_over_the_wire(server: Server, kind: str, method: str) -> None:
    now = SystemClock().now()
    number = out_trade_no(payment_id(OrderId(f"ord_{ulid(now, SeededChance())}"), 0))
    adapter = opened(server, kind)
    order = PaymentOrder(
        out_trade_no=number,
        amount=Money(minor=1580, currency=Currency.CNY),
        subject="goods",
        method=method,
        expires_at=now + timedelta(minutes=15),
        notify_url=f"{server.players.base}/nowhere",
        return_url=f"{server.players.base}/",
    )
    checkout = adapter.create(order)
    with urllib.request.urlopen(checkout.url, timeout=10) as page:
        assert page.url.endswith(f"/cashier/{kind}/{number}")
    before = adapter.query(number, provider_ref=checkout.provider_ref)
    act = json.dumps({"out_trade_no": number, "act": "lose"}).encode()
    with urllib.request.urlopen(f"{server.players.base}/_control", act, timeout=10) as answer:
        assert answer.status == 200
    after = adapter.query(number, provider_ref=checkout.provider_ref)
    assert (before.state, after.state) == (EventState.PENDING, EventState.SUCCEEDED)
    assert adapter.close(number, provider_ref=checkout.provider_ref) is CloseResult.ALREADY_PAID


def test_the_books_come_over_the_wire_in_pages(server: Server) -> None:
    adapter = opened(server, "stripe")
    with pytest.raises(BillNotReady):
        adapter.fetch_bill(business_day(SystemClock().now()), BytesIO())
    assert adapter.fetch_bill(business_day(SystemClock().now()) - timedelta(days=2), BytesIO()) is None

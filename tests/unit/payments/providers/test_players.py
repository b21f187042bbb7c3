"""The players over HTTP: cashier, acts, repeats until the exact word, control, mailbox."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from faka.contexts.payments.providers import open_account, open_channel
from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.base import CheckoutKind, EventState, PaymentEvent
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from faka.platform.outbound import Outbound
from faka.platform.real import SystemClock
from infra.local.actors import courier, create_keys
from infra.local.actors.desk import Asked
from infra.local.actors.epay import EpayDesk
from infra.local.actors.server import Server, create_server
from tests.kit.providers import FIRST, shared_keys
from tests.unit.payments.providers.test_asking import NUMBER, wish


pytestmark = pytest.mark.integration


class Shop:
    """A shop that takes notices and answers what the test wants."""

    def __init__(self, server: Server) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.taken: list[PaymentEvent | Exception] = []
        self.adapters: dict[str, Adapter] = {}
        for channel in server.players.keys.channels(server.players.base, FIRST):
            facts = {name: channel[name] for name in ("kind", "account", "gateway", "public_key")}
            secret = {name: Secret(value) for name, value in channel["secret"].items()}
            account = open_account(channel_id=ChannelId(channel["id"]), currency=Currency.CNY, secrets=[secret], **facts)
            self.adapters[channel["id"]] = open_channel(account, Outbound(allows_loopback=True), SystemClock())
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                address = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = tuple(parse_qsl(address.query, keep_blank_values=True))
                status, text = shop.take(address.path, RawRequest(method=self.command, headers=headers, query=query, body=body))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST  # noqa: N815 - the base class's name

        return Handler

    def take(self, path: str, raw: RawRequest) -> tuple[int, bytes]:
        adapter = self.adapters[path.split("/")[1]]
        try:
            self.taken.append(adapter.parse_notice(raw))
        except (Forged, Malformed) as error:
            self.taken.append(error)
            return 401, b""
        return self.answers.pop(0) if self.answers else (200, b"success")

    def enter(self, kind: str, method: str, **changes: Any) -> str:
        """The buyer arrives at the cashier; its address."""
        order = wish(SystemClock(), method, notify_url=f"{self.base}/{kind}/n", return_url=f"{self.base}/back", **changes)  # type: ignore[arg-type]
        checkout = self.adapters[kind].create(order)
        with urllib.request.urlopen(checkout.url) as answer:
            assert checkout.kind is CheckoutKind.QR or NUMBER in answer.url
            return str(answer.url)


@pytest.fixture
def players(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(courier, "SCHEDULE_S", {"alipay": (0.05,) * 7, "epay": (0.05,) * 4})
    server = create_server(0, None, keys=shared_keys())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(players: Server) -> Iterator[Shop]:
    shop = Shop(players)
    yield shop
    shop.http.shutdown()
    shop.http.server_close()


def control(players: Server, **order: Any) -> Any:
    request = urllib.request.Request(f"{players.players.base}/_control", json.dumps({"out_trade_no": NUMBER, **order}).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def press(cashier: str, **form: str) -> str:
    """Press a button without following; where it leads."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.build_opener(Stay).open(cashier, urlencode(form).encode())
    assert answer.value.code == 303
    return str(answer.value.headers["Location"])


def eventually(claim: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not claim():
        assert time.monotonic() < until, "it did not happen in five seconds"
        time.sleep(0.02)


WAYS = [("alipay", "page"), ("alipay", "wap"), ("alipay", "precreate"), ("epay", "epay")]


@pytest.mark.parametrize(("kind", "method"), WAYS)
def test_a_buyer_pays_by_pressing_a_button(players: Server, shop: Shop, kind: str, method: str) -> None:
    cashier = shop.enter(kind, method)
    back = press(cashier, act="pay")
    assert back.startswith(f"{shop.base}/back?") == (method != "precreate")
    eventually(lambda: len(shop.taken) == 1)
    [event] = shop.taken
    assert isinstance(event, PaymentEvent)
    assert (event.state, event.amount.minor) == (EventState.SUCCEEDED, 1580)
    asked = shop.adapters[kind].query(NUMBER)
    assert asked is not None
    assert asked.channel_txn_id == event.channel_txn_id


@pytest.mark.parametrize("kind", ["alipay", "epay"])
class TestActs:
    def taken(self, players: Server, shop: Shop, kind: str, count: int, **order: Any) -> list[Any]:
        shop.enter(kind, "page" if kind == "alipay" else "epay")
        control(players, **order)
        eventually(lambda: len(shop.taken) >= count)
        time.sleep(0.15)
        return shop.taken

    def test_repeats_carry_the_same_key(self, players: Server, shop: Shop, kind: str) -> None:
        taken = self.taken(players, shop, kind, 5, act="repeat", times=5)
        assert len(taken) == 5
        assert len({event.dedupe_key for event in taken}) == 1

    def test_paid_twice_has_two_transactions(self, players: Server, shop: Shop, kind: str) -> None:
        taken = self.taken(players, shop, kind, 2, act="twice")
        assert len({event.channel_txn_id for event in taken}) == 2

    @pytest.mark.parametrize(("act", "minor"), [("less", 1579), ("more", 3160)])
    def test_a_wrong_amount_is_told_as_it_is(self, players: Server, shop: Shop, kind: str, act: str, minor: int) -> None:
        [event] = self.taken(players, shop, kind, 1, act=act)
        assert event.amount.minor == minor

    @pytest.mark.parametrize("act", ["lose", "decline"])
    def test_no_notice_leaves(self, players: Server, shop: Shop, kind: str, act: str) -> None:
        assert self.taken(players, shop, kind, 0, act=act) == []
        event = shop.adapters[kind].query(NUMBER)
        assert event is not None
        assert event.state is (EventState.SUCCEEDED if act == "lose" else EventState.PENDING)

    def test_forged_notices_are_refused_and_pay_nothing(self, players: Server, shop: Shop, kind: str) -> None:
        taken = self.taken(players, shop, kind, 9, act="forge")
        believed = [event for event in taken if isinstance(event, PaymentEvent)]
        assert len(believed) == (0 if kind == "alipay" else 1)
        asked = shop.adapters[kind].query(NUMBER)
        assert asked is not None
        assert asked.state is EventState.PENDING

    def test_late_money_comes_after_the_end(self, players: Server, shop: Shop, kind: str) -> None:
        soon = SystemClock().now() + timedelta(seconds=2)
        shop.enter(kind, "page" if kind == "alipay" else "epay", expires_at=soon)
        control(players, act="late", delay_s=0.1)
        eventually(lambda: len(shop.taken) == 1)
        assert kind == "epay" or SystemClock().now() >= soon.replace(microsecond=0)

    def test_only_the_exact_word_ends_the_repeats(self, players: Server, shop: Shop, kind: str) -> None:
        shop.answers = [(200, b"ok"), (200, b"SUCCESS"), (500, b"success"), (200, b"success")]
        taken = self.taken(players, shop, kind, 4, act="pay")
        assert len(taken) == 4


def test_the_cashier_speaks_both_languages_and_needs_no_script(players: Server, shop: Shop) -> None:
    cashier = shop.enter("alipay", "page")
    for language, word in (("zh", "立即支付"), ("en", "Pay now")):
        with urllib.request.urlopen(f"{cashier}?lang={language}") as answer:
            text = answer.read().decode()
        assert word in text
        assert "<script" not in text
        assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in text


@pytest.mark.parametrize("path", ["/", "/log", "/mailbox", "/qr/none", "/cashier/alipay/none", "/nothing", "/_state?out_trade_no=none"])
def test_every_page_answers(players: Server, path: str) -> None:
    try:
        status = urllib.request.urlopen(players.players.base + path).status
    except urllib.error.HTTPError as answer:
        status = answer.code
    assert status in (200, 400, 404)


def test_notices_leave_for_this_machine_only(players: Server, shop: Shop) -> None:
    order = wish(SystemClock(), "page", notify_url="https://shop.example.com/n")  # type: ignore[arg-type]
    with urllib.request.urlopen(shop.adapters["alipay"].create(order).url):
        control(players, act="pay")
    eventually(lambda: bool(players.players.courier.log))
    assert players.players.courier.log[0].answer.startswith("not a loopback")


def test_keys_and_trades_outlive_the_process(tmp_path: Path) -> None:
    assert create_keys(tmp_path) == create_keys(tmp_path)
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    first = create_server(0, tmp_path)
    desk = first.players.desks["epay"]
    assert isinstance(desk, EpayDesk)
    asked = desk.signed({"pid": first.players.keys.pid, "money": "1.00", "out_trade_no": "payX"})
    trade = desk.enter(Asked.of("GET", f"http://127.0.0.1/epay/submit.php?{urlencode(asked)}"))
    first.players.play(trade, "lose")
    first.server_close()
    second = create_server(0, tmp_path)
    kept = second.players.bank.find("epay", "payX")
    second.server_close()
    assert kept is not None
    assert (kept.state, kept.payments[0].amount_minor) == ("PAID", 100)

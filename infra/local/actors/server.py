"""The players behind one loopback port.

| address | who |
|---|---|
| `/{provider}/…` | the shop's server and the buyer's browser, at the provider's own addresses (`desk.Desk`) |
| `/{way to staff}/…` | the shop's server: DingTalk, WeCom, Telegram, Bark (`staff`) |
| `/{supplier}/…` | the shop's server, at the supplier's own addresses (`suppliers.counter`) |
| `/cashier/{provider}/{out_trade_no}`, `/qr/{token}` | the buyer |
| `/`, `/log`, `/mailbox` | whoever watches |
| `/_control`, `/_state`, `/_notices`, `/_supplies`, `/_staff` | tests: JSON in, JSON out |

`POST /_control {"out_trade_no": "pay…", "act": "repeat", "times": 5}` answers `{"notices": n}`; `delay_s` postpones, `amount_minor`
changes what is paid, `paid_ago_s` when. `{"provider": "alipay", "refund_way": "LATER"}` says how a provider takes refunds from now on.
"""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from infra.local.actors import pages
from infra.local.actors.bank import RefundWay, Trade
from infra.local.actors.company import Players
from infra.local.actors.desk import JSON, Answered, Asked
from infra.local.actors.keys import Keys
from infra.local.actors.notice import Refusal
from infra.local.actors.spelling import Params, minor_of


BODY_MAX = 256 * 1024
HTML = "text/html; charset=utf-8"
VIEWS = frozenset({"_state", "_supplies", "_staff", "_notices"})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    players: Players

    def server_close(self) -> None:
        super().server_close()
        if "players" in self.__dict__:  # a port that is taken ends it before it has any
            self.players.courier.close()


def create_server(port: int, state: Path | None, *, mail_source: str = "", keys: Keys | None = None) -> Server:
    """A server bound to the loopback address; `serve_forever` starts it, `shutdown` and `server_close` end it.

    Port 0 takes a free one: `server.server_port`. Without `state` nothing is kept (then `keys` must be given).
    """
    server = Server(("127.0.0.1", port), Handler)
    server.players = Players(state, f"http://127.0.0.1:{server.server_port}", mail_source, keys)
    return server


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = 75
    server: Server

    def log_message(self, *_: Any) -> None:
        """The log page is the log."""

    def do_GET(self) -> None:
        self._answered(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_MAX:
            self.close_connection = True
            self._send(413, b"", "text/plain")
            return
        self._answered(self.rfile.read(length))

    def _answered(self, body: bytes) -> None:
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        try:
            self._route(address.path, query, body)
        except Refusal as refusal:
            self._send(400, pages.page("en", "refused", f"<h1>{refusal.sub_code}</h1>"), HTML)
        except (ValueError, KeyError) as error:
            self._send(400, json.dumps({"error": str(error)}).encode(), JSON)

    def _route(self, path: str, query: Params, body: bytes) -> None:
        players = self.server.players
        head, _, rest = path.lstrip("/").partition("/")
        if head in players.desks:
            return self._provider(head, rest, query, body)
        if head in players.silent:
            return self._maybe(players.silent[head].serve(head, self._asked(body)))
        if head in VIEWS:
            return self._send(200, json.dumps(self._view(head, query)).encode(), JSON)
        match head:
            case "cashier":
                return self._cashier(rest, query, body)
            case "qr":
                trade = players.bank.by_token(rest)
                return self._to_cashier(trade) if trade else self._missing()
            case "log":
                return self._send(200, pages.log(list(players.courier.log), self._language(query)), HTML)
            case "mailbox":
                mails, trouble = players.mailbox.read()
                return self._send(200, pages.mailbox(mails, self._language(query), trouble), HTML)
            case "_control":
                return self._control(json.loads(body))
            case "":
                return self._send(200, pages.trades(players.bank.newest(50), self._language(query)), HTML)
            case _:
                return self._missing()

    def _provider(self, name: str, page: str, query: Params, body: bytes) -> None:
        del page, query
        asked = self._asked(body)
        desk = self.server.players.desks[name]
        if desk.is_entrance(asked):
            return self._to_cashier(desk.enter(asked))
        answer = desk.serve(asked)
        return self._send(answer.status, answer.body, answer.content_type, dict(answer.headers))

    def _asked(self, body: bytes) -> Asked:
        return Asked.of(self.command, self.path, dict(self.headers), body)

    def _maybe(self, answer: Answered | None) -> None:
        """Send an answer, or cut the line where there is none."""
        if answer is None:
            self.close_connection = True
            return None
        return self._send(answer.status, answer.body, answer.content_type, dict(answer.headers))

    def _cashier(self, rest: str, query: Params, body: bytes) -> None:
        provider, _, number = rest.partition("/")
        players = self.server.players
        trade = players.bank.find(provider, number)
        if trade is None:
            return self._missing()
        if self.command == "GET":
            return self._send(200, pages.cashier(trade, players.desks[provider], self._language(query), query.get("note", "")), HTML)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        act = form.get("act", "pay")
        amount_minor = minor_of(form["amount"]) if form.get("amount") and act != "decline" else None
        delay_s = float(form.get("delay_s") or 0) if act == "late" else 0.0
        players.play(trade, act, amount_minor=amount_minor, times=int(form.get("times") or 5), delay_s=delay_s)
        back = players.desks[provider].return_address(trade) if act not in ("decline", "late", "forge") else ""
        note = {"decline": "declined", "late": "late_note"}.get(act, "")
        self._redirect(back or f"/cashier/{rest}?note={note}")
        return None

    def _control(self, order: Any) -> None:
        if "supplier" in order:
            return self._send(200, json.dumps(self.server.players.suppliers.control(order)).encode(), JSON)
        if "staff" in order:
            return self._send(200, json.dumps(self.server.players.staff.control(order)).encode(), JSON)
        if "refund_way" in order:
            self.server.players.bank.refund_ways[order["provider"]] = RefundWay(order["refund_way"])
            return self._send(200, b"{}", JSON)
        trade = self._trade(order)
        count = self.server.players.play(
            trade,
            str(order["act"]),
            amount_minor=order.get("amount_minor"),
            times=int(order.get("times", 5)),
            delay_s=float(order.get("delay_s", 0)),
        )
        self.server.players.bank.date_back(trade, float(order.get("paid_ago_s", 0)))
        return self._send(200, json.dumps({"notices": count}).encode(), JSON)

    def _trade(self, order: Any) -> Trade:
        """The trade, entered through the checkout address when a test gives one instead of a browser."""
        trade = self.server.players.bank.find_any(str(order["out_trade_no"]))
        if trade is None:
            raise KeyError("no such trade")
        return trade

    def _view(self, head: str, query: Params) -> Any:
        players = self.server.players
        if head == "_supplies":
            return players.suppliers.facts()
        if head == "_staff":
            return players.staff.received
        if head == "_state":
            trade = self._trade(query)
            facts = {"provider": trade.provider, "state": trade.state, "payments": len(trade.payments)}
            return {**facts, "amount_minor": trade.amount_minor}
        entries = [e for e in list(players.courier.log) if e.notice.out_trade_no == query.get("out_trade_no")]
        return [{"status": e.status, "answer": e.answer, "attempt": e.attempt, "label": e.notice.label, "at": e.at} for e in entries]

    def _language(self, query: Params) -> str:
        return pages.language_of(self.headers.get("Accept-Language", ""), query.get("lang", ""))

    def _to_cashier(self, trade: Trade) -> None:
        """Showing the cashier is the scan: from now on query and close know the trade."""
        self.server.players.bank.scan(trade)
        self._redirect(f"/cashier/{trade.provider}/{trade.out_trade_no}")

    def _redirect(self, address: str) -> None:
        self._send(HTTPStatus.SEE_OTHER, b"", HTML, {"Location": address})

    def _missing(self) -> None:
        self._send(404, pages.page("en", "not found", "<h1>404</h1>"), HTML)

    def _send(self, status: int, content: bytes, content_type: str, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            **(more or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

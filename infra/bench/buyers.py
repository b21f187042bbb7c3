"""Buyers as a program of its own: `python -m infra.bench.buyers PORT KEYS` takes one round of buying a line, answers one line.

A buyer is a thread with a socket from a loopback address that nobody else uses in the whole run, as every visitor has his own. It
sends the purchase form, the provider's notice (signed before the clock starts, over a connection of the provider's) and asks for
the card until it is in the answer. Everything is written and read by hand, because what is measured is the shop.
"""

import json
import re
import resource
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

from faka.kernel.ids import lookup_code, order_id, out_trade_no, payment_id, ulid
from faka.platform.real import SystemChance, SystemClock
from infra.bench.provider import Providers


CARD = re.compile(rb"BENCH-[a-z0-9-]+-\d{8}-[0-9a-f]{12}")
ASK_AGAIN_S = 0.005
ASK_TIMES_MAX = 400
ANSWER_S_MAX = 60
FORM = "application/x-www-form-urlencoded"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"


@dataclass(frozen=True)
class Round:
    """What to do: `orders` orders by `buyers` buyers at a time."""

    product: str
    sku: str
    price_minor: int
    buyers: int
    orders: int
    first: int
    """Number of the first order, which names its address."""


@dataclass
class Done:
    """Times in milliseconds, one entry per delivered order: form, notice, reveal, whole."""

    times: list[tuple[float, float, float, float]] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    waits: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Ticket:
    """One order before it is placed: its form and the notice that will pay it."""

    address: str
    order: str
    form: bytes
    notice: bytes


class Line:
    """One HTTP connection, kept open."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S_MAX, source_address=(source, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Status, head, body."""
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        length = int(found[1]) if found else 0
        while len(body) < length:
            body += self._more()
        return int(head[9:12]), head, body

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("the shop closed the connection")
        return part


def request(method: str, path: str, port: int, body: bytes = b"", headers: Iterable[str] = ()) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Buyers:
    def __init__(self, port: int, keys: Path) -> None:
        self._port = port
        self._providers = Providers(keys, f"http://127.0.0.1:{port}")
        self._lock = threading.Lock()

    def buy(self, given: Round) -> Done:
        """Go through one round."""
        tickets = iter([self._ticket(given, number) for number in range(given.first, given.first + given.orders)])
        done = Done()
        threads = [threading.Thread(target=self._buyer, args=(tickets, done)) for _ in range(given.buyers)]
        began, cpu = time.monotonic(), _cpu_s()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done.wall_s, done.cpu_s = time.monotonic() - began, _cpu_s() - cpu
        return done

    def _ticket(self, given: Round, number: int) -> Ticket:
        """Addresses 127.16.0.0 and up; 127.0.0.1 itself is the provider's."""
        form_id = ulid(SystemClock().now(), SystemChance())
        order = order_id(form_id)
        fields = {"form_id": form_id, "code": lookup_code(SystemChance()), "sku": given.sku, "quantity": "1", "contact": ""}
        fields |= {"channel": "alipay:page", "seen_total_minor": str(given.price_minor)}
        body = urlencode(fields).encode()
        headers = (f"Content-Type: {FORM}", f"Origin: http://127.0.0.1:{self._port}", "Accept: text/html", f"User-Agent: {AGENT}")
        notice = self._providers.paid("alipay", out_trade_no(payment_id(order, 0)), given.price_minor)
        path = notice.url.partition(f":{self._port}")[2]
        return Ticket(
            address=f"127.{16 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}",
            order=order,
            form=request("POST", f"/p/{given.product}", self._port, body, headers),
            notice=request("POST", path, self._port, notice.body, (f"Content-Type: {notice.content_type}",)),
        )

    def _buyer(self, tickets: Iterator[Ticket], done: Done) -> None:
        provider = Line(self._port)
        while True:
            with self._lock:
                ticket = next(tickets, None)
            if ticket is None:
                break
            try:
                times, card, waits = self._order(ticket, provider)
            except (OSError, ValueError) as error:
                done.failures.append(f"{ticket.order}: {error}"[:300])
                provider.close()
                provider = Line(self._port)
                continue
            with self._lock:
                done.times.append(times)
                done.cards.append(card)
                done.waits += waits
        provider.close()

    def _order(self, ticket: Ticket, provider: Line) -> tuple[tuple[float, float, float, float], str, int]:
        """Raises: ValueError where the shop says no."""
        at = [time.perf_counter()]
        line = Line(self._port, ticket.address)
        try:
            status, head, body = line.ask(ticket.form)
            cookie = re.search(rb"(?i)\r\nset-cookie: *([^;\r]+)", head)
            if status != 303 or cookie is None:
                raise ValueError(f"the order was not taken: {status} {body[:160]!r}")
            at.append(time.perf_counter())
            status, _, body = provider.ask(ticket.notice)
            if status != 200 or body != b"success":
                raise ValueError(f"the notice was not taken: {status} {body[:80]!r}")
            at.append(time.perf_counter())
            card, waits = self._read(ticket, line, cookie[1].decode())
            at.append(time.perf_counter())
        finally:
            line.close()
        spans = [(b - a) * 1000 for a, b in pairwise(at)]
        return (spans[0], spans[1], spans[2], (at[3] - at[0]) * 1000), card, waits

    def _read(self, ticket: Ticket, line: Line, cookie: str) -> tuple[str, int]:
        headers = (f"Content-Type: {FORM}", f"Origin: http://127.0.0.1:{self._port}", "Accept: text/html", "X-Fragment: 1")
        asking = request("POST", f"/o/{ticket.order}/cards", self._port, b"", (*headers, f"Cookie: {cookie}", f"User-Agent: {AGENT}"))
        status = 0
        for waits in range(ASK_TIMES_MAX):
            status, _, body = line.ask(asking)
            found = CARD.search(body)
            if status == 200 and found is not None:
                return found[0].decode(), waits
            time.sleep(ASK_AGAIN_S)
        raise ValueError(f"the card was not shown: {status}")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    buyers = Buyers(int(sys.argv[1]), Path(sys.argv[2]))
    for line in sys.stdin:
        print(json.dumps(asdict(buyers.buy(Round(**json.loads(line))))), flush=True)


if __name__ == "__main__":
    main()

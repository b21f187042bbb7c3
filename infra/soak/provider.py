"""The payment providers of a soak: the players in this process, with roads on which notices get lost, doubled, late and mixed up, and
with doors that may be shut, slow, or answered by a madman."""

import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from infra.local.actors.acts import Step
from infra.local.actors.bank import Trade
from infra.local.actors.company import Players
from infra.local.actors.courier import Courier
from infra.local.actors.notice import Notice
from infra.local.actors.server import HTML, Handler, Server
from infra.local.actors.spelling import Params
from infra.soak.clock import Ahead, Turnstile
from infra.soak.judge import Giving, Taking
from infra.soak.plan import Kind


SLOW_S = 4.0
"""Longer than people wait, shorter than the shop does."""

GARBAGE = (
    b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    b"",
    b'{"code":1,"status":1,"money":',
    b'{"alipay_trade_query_response":{"code":"10000","trade_status":"TRADE_SUCCESS","total_amount":"0.01"},"sign":"AAAA"}',
    b'{"code":1,"msg":"succ","status":1,"money":"0.01","trade_no":"E1","out_trade_no":"nobody","pid":0}',
    b"\xff\xfe\x00\x00" * 64,
)
"""What stands in front of a gateway, half an answer, a lie without a signature, another order's answer, noise."""

ROAD = (("as it should", 60), ("doubled", 14), ("late", 14), ("late and doubled", 6), ("first one lost", 6))
LATE_S = (0.5, 8.0)


class Post(Courier):
    """A courier of bad habits."""

    def __init__(self, clock: Ahead, seed: int, turnstile: Turnstile) -> None:
        self.fell: Counter[str] = Counter()
        self._chance = random.Random(f"{seed} post")
        self._turnstile = turnstile
        self._flying = 0
        self._count = threading.Lock()
        super().__init__(clock.seconds)

    def carry(self, steps: list[Step]) -> None:
        for step in steps:
            with self._count:
                fate = self._chance.choices([name for name, _ in ROAD], [weight for _, weight in ROAD])[0]
                delays = [self._chance.uniform(*LATE_S) for _ in range(4)]
            self.fell[f"notice {fate}"] += fate != ROAD[0][0]
            delay_s = step.delay_s + (delays[0] if "late" in fate or "lost" in fate else 0.0)
            extra = [Step(step.notice, step.delay_s + each, is_kept=False) for each in delays[1:] if "doubled" in fate]
            super().carry([Step(step.notice, delay_s, step.is_kept), *extra])

    def is_idle(self, *, at_all: bool) -> bool:
        """Whether nothing is on its way that is due by now, or nothing `at_all`."""
        with self._changed:
            waits = bool(self._due) and (at_all or self._due[0][0] <= self._now())
            return not waits and not self._flying

    def hurry(self) -> None:
        """The clock was put ahead: look again what is due."""
        self.later(0, lambda: None)

    def _posted(self, notice: Notice) -> tuple[int, str]:
        with self._count:
            self._flying += 1
        try:
            with self._turnstile.through():
                return super()._posted(notice)
        finally:
            with self._count:
                self._flying -= 1


class Till(Handler):
    """Where the providers take questions and buyers, on a good day or a bad one."""

    server: "Bank"

    def _provider(self, name: str, page: str, query: Params, body: bytes) -> None:
        match self.server.trouble:
            case Kind.DOWN:
                self.close_connection = True
            case Kind.GARBAGE:
                self._send(200, self.server.nonsense(), HTML)
            case Kind.SLOW:
                time.sleep(SLOW_S)
                super()._provider(name, page, query, body)
            case _:
                super()._provider(name, page, query, body)


class Bank(Server):
    """Both providers on one loopback port."""

    def __init__(self, port: int, keys: Path, clock: Ahead, seed: int, turnstile: Turnstile) -> None:
        super().__init__(("127.0.0.1", port), Till)
        self.address = f"http://127.0.0.1:{port}"
        self.players = Players(keys, self.address)
        self.players.bank.now = clock.seconds
        self.players.courier.close()
        self.post = self.players.courier = Post(clock, seed, turnstile)
        self.trouble: Kind | None = None
        self._chance = random.Random(f"{seed} nonsense")
        self._thread = threading.Thread(target=self.serve_forever, args=(0.2,), daemon=True)

    def __enter__(self) -> "Bank":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that died hangs up in the middle of a question."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def nonsense(self) -> bytes:
        return self._chance.choice(GARBAGE)

    def act(self, channel: str, number: str, act: str, **more: Any) -> None:
        """Play something on a trade. Raises: LookupError when nobody ever came to its cashier."""
        self.players.play(self._trade(channel, number), act, **more)

    def pays_silently(self, channel: str, number: str) -> None:
        """Paid, and no notice leaves, if a question can still bring it to light; else with a notice."""
        trade = self._trade(channel, number)
        with self.players.bank.lock:
            is_open = trade.state == "WAITING" and not self.players.bank.is_expired(trade)
            self.players.play(trade, "lose" if is_open else "pay")

    def _trade(self, channel: str, number: str) -> Trade:
        trade = self.players.bank.find(channel, number)
        if trade is None:
            raise LookupError(f"no trade {number}")
        return trade

    def takings(self) -> list[Taking]:
        trades = self.players.bank.newest(10**9)
        return [
            Taking(trade.provider, payment.trade_no, payment.amount_minor, payment is trade.payments[0])
            for trade in trades
            for payment in list(trade.payments)
        ]

    def givings(self) -> list[Giving]:
        trades = self.players.bank.newest(10**9)
        return [
            Giving(trade.provider, refund.trade_no, refund.amount_minor)
            for trade in trades
            for refund in list(trade.refunds)
            if refund.state == "SUCCEEDED"
        ]

"""The player of Stripe: sessions, refunds, balance transactions, webhooks. One account, in test mode.

Its webhook's address and secret stand in Stripe's console, not in a request: the address is the shop's usual one at the host of
the page that the buyer returns to. `roll` begins a change of the secret: both sign until `end_roll`.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any, ClassVar

from infra.local.actors.bank import Bank, BankRefund, Payment, Trade
from infra.local.actors.desk import Answered, Asked, Desk
from infra.local.actors.keys import Keys, letters, stranger_keys
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Json
from infra.local.actors.stripe_books import Books
from infra.local.actors.stripe_counter import UNBEGUN, Counter, no
from infra.local.actors.stripe_forgeries import forged


KEY_AGE_S_MAX = 24 * 3600
"""How long a number makes a repeat harmless."""

BEIJING = timezone(timedelta(hours=8))
REFUND_KINDS = {"PROCESSING": "refund.created", "SUCCEEDED": "refund.updated", "FAILED": "refund.failed"}


def new_secrets() -> dict[str, str]:
    """An account, its key and the secret of its webhook."""
    return {"account": f"acct_{letters(16)}", "secret_key": f"sk_test_{letters(40)}", "webhook_secret": f"whsec_{letters(32)}"}


class StripeDesk(Desk):
    """What Stripe does for one account."""

    name = "stripe"
    title: ClassVar[dict[str, str]] = {"zh": "银行卡", "en": "Card"}
    paid = "checkout.session.completed"
    waiting = "checkout.session.completed"
    """With nothing paid yet: cards that take their time."""

    def __init__(self, keys: Keys, bank: Bank, base: str) -> None:
        super().__init__(keys, bank, base)
        self.books = Books(bank, base)
        self.counter = Counter(bank, self.books)
        self._rolled_to = ""
        self._answers: dict[str, tuple[float, bytes, Answered]] = {}

    def channel(self) -> dict[str, Any]:
        return {
            "id": self.name,
            "kind": self.name,
            "title": self.title,
            "gateway": f"{self.base}/{self.name}/",
            "account": {"account": self.own["account"]},
            "methods": ["card"],
            "public_key": "",
            "secret": {"secret_key": self.own["secret_key"], "webhook_secret": self.webhook_secrets[0]},
        }

    @property
    def webhook_secrets(self) -> list[str]:
        """The newest first."""
        return [secret for secret in (self._rolled_to, self.own["webhook_secret"]) if secret]

    def roll(self) -> str:
        """A new secret of the webhook, beside the old one for a day."""
        self._rolled_to = f"whsec_{letters(32)}"
        return self._rolled_to

    # -- who comes ----------------------------------------------------------------------------------------------------

    def is_entrance(self, asked: Asked) -> bool:
        return asked.page.startswith("c/pay/")

    def enter(self, asked: Asked) -> Trade:
        trade = self.books.of_session(asked.page.removeprefix("c/pay/"))
        if trade is None:
            raise Refusal("404", "resource_missing")
        self.bank.scan(trade)
        return trade

    def call_name(self, asked: Asked) -> str:
        parts = asked.page.removeprefix("v1/").split("/")
        names = {"checkout": ("list", "query", "close")[min(len(parts), 4) - 2], "balance_transactions": "bill"}
        if asked.method == "POST" and len(parts) < 3:
            return "create" if parts[0] == "checkout" else "refund"
        return names.get(parts[0], "refund_query")

    def serve(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization") != f"Bearer {self.own['secret_key']}" or not asked.headers.get("stripe-version"):
            return no(401, "invalid_request_error")
        key = asked.headers.get("idempotency-key", "")
        known = self._answers.get(key)
        if known is None or self.bank.now() - known[0] > KEY_AGE_S_MAX:
            answer = self.counter.done(asked)
            if key and answer != UNBEGUN:
                self._answers[key] = (self.bank.now(), asked.body, answer)
            return answer
        return known[2] if known[1] == asked.body else no(400, "idempotency_error")

    # -- what is sent -------------------------------------------------------------------------------------------------

    def notice(self, trade: Trade, payment: Payment | None, status: str = "", **changes: str) -> Notice:
        session = self.books.session(trade, payment)
        if status == "checkout.session.completed":
            session["status"] = "complete"
        numbers = {name: int(value) for name, value in changes.items() if name.startswith("amount") and value.isdecimal()}
        return self.signed(trade, self.event(status or self.paid, session | changes | numbers))

    def refund_notice(self, trade: Trade, refund: BankRefund, status: str = "", **changes: str) -> Notice | None:
        return self.signed(trade, self.event(status or REFUND_KINDS[refund.state], self.books.refund(trade, refund) | changes))

    def event(self, kind: str, subject: Json, **facts: Any) -> Json:
        return {
            "id": f"evt_{self.bank.token()}",
            "object": "event",
            "api_version": "2024-06-20",
            "created": int(self.bank.now()),
            "data": {"object": subject},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
            **facts,
        }

    def signed(self, trade: Trade, event: Json, body: bytes = b"") -> Notice:
        body = body or json.dumps(event, indent=2).encode()
        return Notice(
            provider=self.name,
            out_trade_no=trade.out_trade_no,
            method="POST",
            url=trade.notify_url,
            content_type="application/json; charset=utf-8",
            body=body,
            label=str(event["type"]),
            headers={"Stripe-Signature": signature(body, self.webhook_secrets, self.bank.now())},
            ends_with=None,
        )

    def forgeries(self, trade: Trade) -> Iterator[Notice]:
        claim = self.books.session(trade, Payment(trade.trade_no, trade.amount_minor, self.bank.now(), "2088"))
        return forged(self, trade, self.event(self.paid, claim), stranger_keys().of(self.name))

    def bill(self, day: date) -> bytes:
        begins = datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()
        moved = [one for one in self.books.movements() if begins <= one["created"] < begins + 86400]
        pages = [moved[at : at + 100] for at in range(0, len(moved), 100)]
        lists = [{"object": "list", "data": page, "has_more": page is not pages[-1]} for page in pages]
        return b"".join(json.dumps(one).encode() + b"\n" for one in lists)


def signature(body: bytes, secrets: list[str], at: float) -> str:
    """The head of a webhook, with an older scheme at its end as in test mode."""
    stamp = str(int(at))
    fits = [hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={stamp}", *(f"v1={one}" for one in fits), f"v0={hashlib.sha256(body).hexdigest()}"])

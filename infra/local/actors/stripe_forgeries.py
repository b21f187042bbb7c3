"""Webhooks that claim a payment which never was: changed, unsigned, of other keys, times, accounts and kinds of money."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from infra.local.actors.bank import Trade
from infra.local.actors.notice import Notice
from infra.local.actors.spelling import Json


if TYPE_CHECKING:
    from infra.local.actors.stripe import StripeDesk


FAR_S = 3600


def forged(desk: "StripeDesk", trade: Trade, claim: Json, stranger: Mapping[str, str]) -> Iterator[Notice]:
    """Refused each; five of them bear Stripe's own signature and differ in what it covers."""
    honest = desk.signed(trade, claim)
    body, head = honest.body, honest.headers["Stripe-Signature"]
    stamp, good = head.split(",")[0].removeprefix("t="), head.split("v1=")[1][:64]
    yield _with(honest, head.replace(good, ("0" if good[0] != "0" else "1") + good[1:]))
    yield honest.forged(headers={})
    yield honest.forged(body=body.replace(b'"amount_total": ', b'"amount_total": 1'))
    yield honest.forged(body=body.replace(trade.out_trade_no.encode(), trade.out_trade_no[::-1].encode()))
    for key in ("", " ", stranger["webhook_secret"], desk.own["secret_key"], desk.own["account"]):
        yield _with(honest, f"t={stamp},v1={_mac(key, stamp, body)}")
    yield _with(honest, f"t={stamp},v0={good}")
    yield _with(honest, f"t={stamp},v1={good.upper()}")
    yield _with(honest, f"t={stamp},v1={base64.b64encode(bytes.fromhex(good)).decode()}")
    yield _with(honest, f"v1={good}")
    yield _with(honest, f"t={stamp},t={int(stamp) + 1},v1={good}")
    yield _with(honest, f"t={int(stamp) + 1},v1={good}")
    yield _with(honest, f"t={stamp}," + ",".join(f"v1={index:064x}" for index in range(9)) + f",v1={good}")
    for shift_s in (-FAR_S, FAR_S):
        late = str(int(stamp) + shift_s)
        yield _with(honest, f"t={late},v1={_mac(desk.webhook_secrets[0], late, body)}")
    # The classic one: an honest event of somebody else's account, which the platform's endpoint gets too.
    yield desk.signed(trade, claim | {"account": stranger["account"]})
    yield desk.signed(trade, claim | {"livemode": True})
    doubled = json.dumps(claim).replace('"amount_total": ', '"amount_total": 1, "amount_total": ', 1)
    yield desk.signed(trade, claim, doubled.encode())


def _with(notice: Notice, head: str) -> Notice:
    return notice.forged(headers={"Stripe-Signature": head})


def _mac(key: str, stamp: str, body: bytes) -> str:
    return hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()

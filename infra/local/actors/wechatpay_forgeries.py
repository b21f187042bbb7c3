"""Notices of WeChat Pay that nobody may believe: each claims a payment that never was.

Some are a stranger's work, some are the provider's own message for somebody else or of another time, and the probes are what
the provider itself sends to see whether a merchant looks at signatures at all.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.local.actors.bank import Trade
from infra.local.actors.keys import loaded, stranger_keys
from infra.local.actors.notice import Notice
from infra.local.actors.spelling import rsa2, turned


if TYPE_CHECKING:
    from infra.local.actors.wechatpay import WechatpayDesk

WINDOW_S = 300
SIGNATURE, SERIAL, TIME, NONCE = (f"Wechatpay-{name}" for name in ("Signature", "Serial", "Timestamp", "Nonce"))


def forgeries(desk: "WechatpayDesk", trade: Trade) -> Iterator[Notice]:
    honest = desk.notice(trade, None)
    yield from _by_strangers(desk, trade, honest)
    yield from _spoiled(honest)
    yield from _of_the_provider(desk, trade, honest)


def _by_strangers(desk: "WechatpayDesk", trade: Trade, honest: Notice) -> Iterator[Notice]:
    """Somebody without the provider's keys signs, under his own name, under the provider's, or with the merchant's key."""
    stranger = stranger_keys().of("wechatpay")
    text = f"{honest.headers[TIME]}\n{honest.headers[NONCE]}\n{honest.body.decode()}\n"
    theirs = rsa2(loaded(stranger["platform_private"]), text)
    yield _headed(honest, **{SIGNATURE: theirs, SERIAL: stranger["public_key_id"]})
    yield _headed(honest, **{SIGNATURE: theirs, SERIAL: stranger["certificate_serial"]})
    yield _headed(honest, **{SIGNATURE: theirs})
    yield _headed(honest, **{SIGNATURE: rsa2(loaded(desk.own["merchant_private"]), text)})
    # The right key under the wrong name: each serial has its own.
    other = {desk.own["public_key_id"], desk.own["certificate_serial"]} - {honest.headers[SERIAL]}
    yield _headed(honest, **{SERIAL: other.pop()})
    sealed = desk.envelope("TRANSACTION.SUCCESS", "transaction", _facts(desk, trade), {}, other_key=_other_key(desk))
    yield honest.forged(body=sealed)
    open_text = json.dumps({"id": "EV-1", "event_type": "TRANSACTION.SUCCESS", "resource": _facts(desk, trade)})
    yield honest.forged(body=open_text.encode())


def _spoiled(honest: Notice) -> Iterator[Notice]:
    """An honest notice, changed on its way."""
    yield _headed(honest, **{SIGNATURE: turned(honest.headers[SIGNATURE])})
    yield honest.forged(body=honest.body.replace(b"TRANSACTION.SUCCESS", b"TRANSACTION.SUCCESs"))
    yield honest.forged(body=honest.body + b" ")
    yield _headed(honest, **{TIME: str(int(honest.headers[TIME]) + 1)})
    yield _headed(honest, **{NONCE: turned(honest.headers[NONCE])})
    yield _headed(honest, **{SIGNATURE: f"{honest.headers[SIGNATURE]}, {honest.headers[SIGNATURE]}"})
    yield _headed(honest, **{SERIAL: f"{honest.headers[SERIAL]}, {honest.headers[SERIAL]}"})
    yield _headed(honest, **{"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"})
    yield honest.forged(headers={name: text for name, text in honest.headers.items() if name != SIGNATURE})
    yield honest.forged(headers={})
    yield honest.forged(content_type="application/x-www-form-urlencoded")


def _of_the_provider(desk: "WechatpayDesk", trade: Trade, honest: Notice) -> Iterator[Notice]:
    """Truly signed, and not for this merchant or not of this moment; and the provider's probe."""
    stranger = stranger_keys().of("wechatpay")
    for other in ({"mchid": stranger["mchid"]}, {"appid": stranger["appid"]}, {"mchid": "", "appid": ""}):
        yield desk.notice(trade, None, **other)
    for seconds in (-WINDOW_S - 1, WINDOW_S + 1, -86_400):
        yield honest.forged(headers=desk.signed(honest.body, honest.headers[SERIAL], desk.bank.now() + seconds))
    yield probe(honest)


def probe(honest: Notice) -> Notice:
    """What the provider sends now and then: an honest notice under a signature that says of itself that it is none."""
    return _headed(honest, **{SIGNATURE: "WECHATPAY/SIGNTEST/" + honest.headers[SIGNATURE][19:]})


def sealed_otherwise(desk: "WechatpayDesk", trade: Trade) -> Notice:
    """Truly signed, but sealed with another APIv3 key: what comes when the key was changed over there only."""
    body = desk.envelope("TRANSACTION.SUCCESS", "transaction", _facts(desk, trade), {}, other_key=_other_key(desk))
    return desk.packed(trade, body, "SUCCESS")


def _facts(desk: "WechatpayDesk", trade: Trade) -> dict[str, object]:
    return desk.counter.transaction(trade, None, "SUCCESS")


def _other_key(desk: "WechatpayDesk") -> str:
    return (desk.bank.token() * 2)[:32]


def _headed(notice: Notice, **headers: str) -> Notice:
    return notice.forged(headers={**notice.headers, **headers})

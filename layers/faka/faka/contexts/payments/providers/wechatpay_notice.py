"""A notice of WeChat Pay's: proved by its headers, opened with an APIv3 key, held against merchant and application.

A signature that fits over content that does not open means that our APIv3 key is the wrong one: the notice is answered with a
failure, comes back for a day, and is read once the key is right.
"""

import base64
import binascii
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, ChannelClosed, EventSource, EventState, PaymentEvent
from faka.contexts.payments.providers.canonical import NOTICE_ID, STATUS
from faka.contexts.payments.providers.refunding import RefundEvent, RefundProgress
from faka.contexts.payments.providers.wechatpay_facts import REFUND_STATES, Facts, payment_event, refund_event, word
from faka.contexts.payments.providers.wechatpay_gateway import Gateway, object_of
from faka.kernel.exchange import Forged, Malformed, RawRequest


NONCE_BYTES, TAG_BYTES = 12, 16
_KINDS = ("TRANSACTION.", "REFUND.")


class WrongKey(ChannelClosed):
    """A message of the provider's that none of our APIv3 keys opens: configured wrongly, or changed over there only."""


def read_notice(account: ChannelAccount, gateway: Gateway, raw: RawRequest, at: datetime) -> PaymentEvent | RefundEvent:
    """In the order: shape, signature, time, content, account. `at` is when it came.

    Raises: Malformed, Forged, WrongKey.
    """
    if raw.method != "POST" or raw.query:
        raise Malformed("a notice is a POST without a query")
    if raw.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Malformed("a notice is JSON")
    if not 0 < len(raw.body) <= NOTICE_BYTES_MAX:
        raise Malformed("the notice is empty or too large")
    gateway.prove(raw.headers, raw.body, at)
    envelope = _facts(raw.body)
    key, event_type = word(envelope, "id", NOTICE_ID), text_of(envelope, "event_type")
    if not event_type.startswith(_KINDS) or text_of(envelope, "resource_type") != "encrypt-resource":
        raise Malformed("a notice about something else")
    facts = opened(object_of(envelope, "resource"), gateway.api_v3_keys)
    if text_of(facts, "mchid") != account.merchant_id:
        raise Forged("a notice for another merchant")
    digest = raw.sha256()
    if event_type.startswith("REFUND."):
        status = word(facts, "refund_status", STATUS)
        told = REFUND_STATES.get(status) if event_type == f"REFUND.{status}" else RefundProgress.UNKNOWN
        return refund_event(account, EventSource.NOTICE, facts, status=status, state=told, dedupe_key=key, digest=digest)
    if text_of(facts, "appid") != account.identity["appid"]:
        raise Forged("a notice for another application")
    state = None if event_type == "TRANSACTION.SUCCESS" else EventState.UNKNOWN
    return payment_event(account, EventSource.NOTICE, facts, state=state, dedupe_key=key, digest=digest)


def opened(resource: Facts, keys: tuple[bytes, ...]) -> dict[str, object]:
    """The content of a resource. Raises: Malformed; WrongKey when it opens with none of the keys."""
    if text_of(resource, "algorithm") != "AEAD_AES_256_GCM":
        raise Malformed("another cipher")
    nonce, related = _bytes(resource, "nonce"), _bytes(resource, "associated_data")
    try:
        sealed = base64.b64decode(_bytes(resource, "ciphertext"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("the content is not base64") from None
    if len(nonce) != NONCE_BYTES or len(sealed) <= TAG_BYTES:
        raise Malformed("the content is not sealed")
    for key in keys:
        plain = unsealed(key, nonce, sealed, related)
        if plain is not None:
            return _facts(plain)
    raise WrongKey("no APIv3 key opens what the provider sends")


def unsealed(key: bytes, nonce: bytes, sealed: bytes, related: bytes) -> bytes | None:
    """AES-GCM, the tag at the end; None when it does not fit. How long a key must be is judged where the account is opened."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, related)
    except InvalidTag:
        return None


def _facts(text: bytes) -> dict[str, object]:
    try:
        return {name: value for name, (value, _) in members(text).items()}
    except Unreadable:
        raise Malformed("the notice is not the JSON of an honest provider") from None


def _bytes(values: Facts, name: str) -> bytes:
    try:
        return text_of(values, name).encode()
    except UnicodeEncodeError:
        raise Malformed(f"{name} is unreadable") from None

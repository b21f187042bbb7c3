"""Giving money back through Stripe."""

import hashlib

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import text_of
from faka.contexts.payments.providers.base import EventSource, ProviderUnavailable
from faka.contexts.payments.providers.refunding import RefundDelayed, RefundEvent, RefundOrder, RefundRefused
from faka.contexts.payments.providers.stripe_gateway import ID, Gateway, Json, Refused
from faka.contexts.payments.providers.stripe_objects import Told, our_number, refund_fact, time_of
from faka.kernel.exchange import Malformed


PAGES_MAX = 10
"""A thousand refunds of one payment; nobody sells what is given back in more parts."""

_LATER = frozenset({"balance_insufficient", "insufficient_funds", "lock_timeout", "rate_limit"})
"""Nothing moved. Under the same number Stripe repeats such a *no* for a day before it looks at the balance again."""


def made(gateway: Gateway, account: ChannelAccount, order: RefundOrder) -> RefundEvent:
    """Send a refund, or answer what became of it before.

    Raises: RefundRefused, RefundDelayed; ProviderUnavailable.
    """
    known = found(gateway, account, order)
    if known is not None:
        return known
    form = [
        ("payment_intent", order.channel_txn_id),
        ("amount", str(order.amount.minor)),
        ("metadata[out_refund_no]", order.out_refund_no),
        ("metadata[out_trade_no]", order.out_trade_no),
    ]
    try:
        refund, body = gateway.post("refunds", form, order.out_refund_no)
    except Refused as refusal:
        raise _outcome(refusal) from refusal
    return _proved(gateway, account, order, refund, body)


def found(gateway: Gateway, account: ChannelAccount, order: RefundOrder) -> RefundEvent | None:
    """The refund of this number among the payment's. Raises: ProviderUnavailable."""
    if not ID.fullmatch(order.channel_txn_id):
        raise ProviderUnavailable("not a number of stripe's")
    for page in gateway.pages("refunds", (("payment_intent", order.channel_txn_id),), PAGES_MAX):
        for refund in page.objects:
            if our_number(refund, "out_refund_no") == order.out_refund_no:
                return _proved(gateway, account, order, refund, page.body)
    return None


def _proved(gateway: Gateway, account: ChannelAccount, order: RefundOrder, refund: Json, body: bytes) -> RefundEvent:
    told = Told(account, EventSource.QUERY, "", hashlib.sha256(body).hexdigest(), time_of(refund, "created"))
    try:
        event = refund_fact(told, refund)
    except Malformed:
        raise ProviderUnavailable("stripe's refund is unreadable") from None
    same = (order.out_refund_no, order.out_trade_no, order.channel_txn_id, order.amount)
    if text_of(refund, "object") != "refund" or (event.out_refund_no, event.out_trade_no, event.channel_txn_id, event.amount) != same:
        raise ProviderUnavailable("stripe answered about another refund")
    if refund.get("livemode", gateway.is_live) is not gateway.is_live:
        raise ProviderUnavailable("stripe answered about play money")
    return event.model_copy(update={"dedupe_key": f"query.{event.channel_refund_id}.{event.status.lower()}"})


def _outcome(refusal: Refused) -> Exception:
    """What a *no* proves. Of a key that is refused, or of a number that was used with other words, nothing is proved."""
    if refusal.status == 429 or refusal.error in _LATER:
        return RefundDelayed(refusal.error or "rate_limit")
    if refusal.status in (400, 402, 404) and refusal.kind != "idempotency_error":
        return RefundRefused(refusal.error or refusal.kind or "refused")
    return refusal

"""A gateway's notice: a POST of JSON, proved by the token that both sides hold.

Its fields: `trade_id`, `order_id`, `amount` (ours), `actual_amount` (what moved on the chain), `token` (the address it moved to),
`block_transaction_id`, `status`, `signature`. What moved on the chain is kept with the notice as it came; an order is judged by the
amount that was agreed.
"""

import hmac
import re

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import NOTICE_BYTES_MAX, NOTICE_FIELDS_MAX, EventSource, EventState, PaymentEvent
from faka.contexts.payments.providers.canonical import AMOUNT, NUMBER, money_of
from faka.contexts.payments.providers.epusdt_gateway import STATES, shortest, signature
from faka.kernel.exchange import Forged, Malformed, RawRequest


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_SECOND_FIELD = re.compile(r"&[A-Za-z0-9_]+=", re.ASCII)
_HEX32 = re.compile(r"[0-9a-f]{32}", re.ASCII)
_STATUS = re.compile(r"[0-9]{1,2}", re.ASCII)
_CHAIN = re.compile(r"[0-9A-Za-z]{16,128}", re.ASCII)
"""A transaction of a chain: 64 hex digits, 66 with `0x`, 88 symbols on Solana."""


def read(raw: RawRequest, account: ChannelAccount) -> PaymentEvent:
    """Prove a notice, in the order: shape, signature, content. The token is the account: nothing else in it names one.

    Raises: Malformed, Forged.
    """
    fields = _fields(raw)
    sign = fields.get("signature", "")
    if not _HEX32.fullmatch(sign):
        raise Forged("no signature")
    wanted = [signature(fields, token) for token in account.live("token")]
    if not sum(hmac.compare_digest(sign, one) for one in wanted):
        raise Forged("the signature is not the gateway's")
    trade, status = _word(fields, "trade_id", NUMBER), _word(fields, "status", _STATUS)
    state = _state(fields, status, trade)
    return PaymentEvent(
        channel_id=account.id,
        kind=account.kind,
        source=EventSource.NOTICE,
        out_trade_no=_word(fields, "order_id", NUMBER),
        channel_txn_id=trade,
        state=state,
        status=state.value,
        amount=money_of(_word(fields, "amount", AMOUNT), account.currency),
        dedupe_key=f"{trade}.{status}",
        raw_sha256=raw.sha256(),
    )


def _state(fields: dict[str, str], status: str, trade: str) -> EventState:
    """Paid only with what was paid and where: a gateway that names no transaction of a chain has seen none.

    Raises: Malformed.
    """
    state = STATES.get(status, EventState.UNKNOWN)
    if state is not EventState.SUCCEEDED:
        return state
    chain = _word(fields, "block_transaction_id", _CHAIN)
    moved = _word(fields, "actual_amount", AMOUNT)
    return state if chain != trade and moved.strip("0.") else EventState.UNKNOWN


def _fields(raw: RawRequest) -> dict[str, str]:
    """The members as they are signed. Raises: Malformed."""
    content_type = raw.headers.get("content-type", "").lower().split(";")[0].strip()
    if raw.method != "POST" or raw.query or content_type != "application/json":
        raise Malformed("a notice is a POST of JSON without a query")
    if not 0 < len(raw.body) <= NOTICE_BYTES_MAX:
        raise Malformed("the notice is empty or too large")
    try:
        found = members(raw.body)
    except Unreadable:
        raise Malformed("the notice is not JSON of its kind") from None
    if len(found) > NOTICE_FIELDS_MAX or not all(_NAME.fullmatch(name) for name in found):
        raise Malformed("the notice has too many fields, or a name that is not plain")
    return {name: _spelt(value, source) for name, (value, source) in found.items()}


def _spelt(value: object, source: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed("a value is neither a text nor a number")
    text = value if source.startswith('"') else shortest(value)
    # The canonical form does not quote: a value that holds `&name=` could be read as two fields.
    if _SECOND_FIELD.search(text) or (not text and value):
        raise Malformed("a value holds another field, or is no plain number")
    return text


def _word(fields: dict[str, str], name: str, pattern: re.Pattern[str]) -> str:
    """Raises: Malformed, naming the field and never its value."""
    text = text_of(dict(fields), name)
    if not pattern.fullmatch(text):
        raise Malformed(f"{name} is missing or unreadable")
    return text

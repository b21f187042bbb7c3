"""Typed ids: a prefix and a ULID, at most 32 characters of letters, digits and `_` (the tightest provider's bound)."""

import hashlib
import re
from datetime import datetime
from typing import NewType

from faka.kernel.clock import Chance
from faka.kernel.errors import Broken, InvalidRequest


OrderId = NewType("OrderId", str)
PaymentId = NewType("PaymentId", str)
ProductId = NewType("ProductId", str)
SkuId = NewType("SkuId", str)
BatchId = NewType("BatchId", str)
ChannelId = NewType("ChannelId", str)
CaseId = NewType("CaseId", str)
RefundId = NewType("RefundId", str)
SupplierId = NewType("SupplierId", str)
RechargeId = NewType("RechargeId", str)
ComplaintId = NewType("ComplaintId", str)
PurchaseId = NewType("PurchaseId", str)

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
_HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?", re.ASCII)

PAYMENT_ATTEMPTS_MAX = 100
"""Two digits of the payment id."""

CODE_LENGTH = 16
"""Lookup codes: 16 symbols of 5 bits are 80 bits, beyond guessing at any rate that a door lets through."""


def ulid(at: datetime, chance: Chance) -> str:
    """48 bits of milliseconds and 80 of chance, in Crockford's base 32: 26 characters that sort by time."""
    return _base32(int(at.timestamp() * 1000) << 80 | int.from_bytes(chance.bytes(10), "big"), 26)


def is_ulid(text: str) -> bool:
    return _ULID.fullmatch(text) is not None


def order_id(form_id: str) -> OrderId:
    """The order of one checkout form. The form's one-time id *is* the order's, so a form sent twice cannot make two.

    Raises: InvalidRequest when the form id is not one that we print.
    """
    if not is_ulid(form_id):
        raise InvalidRequest("form id is not a ULID")
    return OrderId(f"ord_{form_id}")


def is_order_id(text: str) -> bool:
    return text.startswith("ord_") and is_ulid(text[4:])


def payment_id(order: OrderId, attempt: int) -> PaymentId:
    """The `attempt`-th payment of an order, from 0. It names its order, so a notice finds both rows with one read.

    Raises: Broken beyond 99 attempts; a shop stops offering long before.
    """
    if not 0 <= attempt < PAYMENT_ATTEMPTS_MAX:
        raise Broken(f"{order}: attempt {attempt}")
    return PaymentId(f"pay_{order[4:]}{attempt:02d}")


def order_of(payment: PaymentId) -> OrderId:
    return OrderId(f"ord_{payment[4:30]}")


def out_trade_no(payment: PaymentId) -> str:
    """The payment's number at the provider: 31 letters and digits, which every channel accepts (WeChat Pay: 32)."""
    return payment.replace("_", "")


def payment_of(number: str) -> PaymentId | None:
    """The payment that a provider's number names, or None when the number was never ours."""
    if len(number) == 31 and number.startswith("pay") and is_ulid(number[3:29]) and number[29:].isascii() and number[29:].isdigit():
        return PaymentId(f"pay_{number[3:]}")
    return None


def refund_id(cause: str) -> RefundId:
    """The refund that a cause makes: the same cause, the same refund, so that nothing is given back twice.

    128 bits of its hash; `cause` names one thing that happened (a receipt that bought nothing, the third wish about an order).
    """
    return RefundId(f"rfd_{_base32(int.from_bytes(hashlib.sha256(cause.encode()).digest()[:16], 'big'), 26)}")


def out_refund_no(refund: RefundId) -> str:
    """The refund's number at the provider: 29 letters and digits."""
    return refund.replace("_", "")


def refund_of(number: str) -> RefundId | None:
    """The refund that a provider's number names, or None when the number was never ours."""
    return RefundId(f"rfd_{number[3:]}") if number.startswith("rfd") and is_ulid(number[3:]) else None


def batch_id(at: datetime, chance: Chance) -> BatchId:
    return BatchId(f"bat_{ulid(at, chance)}")


def handle(text: str) -> str:
    """A human-made id: product, SKU, category, channel. Immutable, so addresses and rows never have to follow a rename.

    Raises: InvalidRequest for anything but 1 to 48 lower-case letters, digits and inner hyphens.
    """
    if not _HANDLE.fullmatch(text):
        raise InvalidRequest("a handle is 1 to 48 lower-case letters, digits and inner hyphens")
    return text


def is_handle(text: str) -> bool:
    """Whether a text from outside can be a handle at all; what cannot is not looked up."""
    return _HANDLE.fullmatch(text) is not None


def lookup_code(chance: Chance) -> str:
    """The buyer's proof of ownership; random, never derived, stored only as a hash."""
    return _base32(int.from_bytes(chance.bytes(10), "big"), CODE_LENGTH)


def normal_code(text: str) -> str:
    """What a person typed as a lookup code: case, spaces and hyphens do not matter, I L O read as 1 1 0."""
    return text.upper().translate(str.maketrans("ILO", "110", " -\t"))


def hash_code(code: str) -> str:
    """What is stored of a lookup code. 80 bits of chance need no salt and no slow hash."""
    return hashlib.sha256(normal_code(code).encode()).hexdigest()


def _base32(number: int, length: int) -> str:
    return "".join(CROCKFORD[number >> 5 * i & 31] for i in reversed(range(length)))

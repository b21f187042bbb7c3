"""What a transaction of the two-step protocol says: its class, its cost, its PIN, its line in the books."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from faka.contexts.suppliers.account import SupplierAccount
from faka.contexts.suppliers.adapters.two_step_goods import reason_of, wholesale
from faka.contexts.suppliers.base import CardGiven, Progress, StatementLine, SupplierUnavailable, SupplyState
from faka.contexts.suppliers.reading import card_of, object_of, text_of
from faka.kernel.money import Currency


_STATES = MappingProxyType(
    {
        "CONFIRMED": SupplyState.PROCESSING,
        "SUBMITTED": SupplyState.PROCESSING,
        "COMPLETED": SupplyState.SUCCEEDED,
        "REJECTED": SupplyState.FAILED,
        "CANCELLED": SupplyState.FAILED,
        "DECLINED": SupplyState.FAILED,
        "REVERSED": SupplyState.REVERSED,
    }
)
"""By the class of a status. CREATED is not among them: it is nobody's end and nobody's progress."""

_CLASS = re.compile(r"[A-Z]{1,40}", re.ASCII)


def id_of(transaction: Mapping[str, object]) -> str:
    return text_of(transaction, "id")


def class_of(transaction: Mapping[str, object]) -> str:
    word = text_of(object_of(object_of(transaction.get("status")).get("class")), "message")
    return word if _CLASS.fullmatch(word) else "UNREADABLE"


def progress_of(account: SupplierAccount, transaction: Mapping[str, object], digest: str, *, is_card: bool) -> Progress:
    """Raises: SupplierUnavailable for a card that cannot be read."""
    word = class_of(transaction)
    state = _STATES.get(word, SupplyState.UNKNOWN)
    message = text_of(object_of(transaction.get("status")), "message")
    return Progress(
        supplier_id=account.id,
        number=text_of(transaction, "external_id"),
        state=state,
        status=word,
        supplier_no=id_of(transaction),
        cost=wholesale(transaction, account.currency),
        reason=reason_of(message) if state is SupplyState.FAILED else "",
        cards=_cards(transaction) if is_card and state is SupplyState.SUCCEEDED else (),
        raw_sha256=digest,
    )


def line_of(transaction: Mapping[str, object], currency: Currency) -> StatementLine | None:
    """None for what was never confirmed: it costs nothing. Raises: SupplierUnavailable: a list with a hole is none."""
    word = class_of(transaction)
    if word == "CREATED":
        return None
    cost, at = wholesale(transaction, currency), _read_stamp(text_of(transaction, "creation_date"))
    if cost is None or at is None:
        raise SupplierUnavailable("a line of the list is unreadable")
    state = _STATES.get(word, SupplyState.UNKNOWN)
    return StatementLine(number=text_of(transaction, "external_id"), supplier_no=id_of(transaction), cost=cost, state=state, at=at)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_stamp(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _cards(transaction: Mapping[str, object]) -> tuple[CardGiven, ...]:
    pin = object_of(transaction.get("pin"))
    return (card_of(text_of(pin, "serial"), text_of(pin, "code")),) if pin else ()

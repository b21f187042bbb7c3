"""Rows of attempts, receipts and notices."""

from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from faka.contexts.payments.errors import NoticeExists, NoticeMoved, PaymentMoved, ReceiptExists
from faka.contexts.payments.model import Notice, NoticeState, Payment, Receipt, ReceiptState
from faka.kernel.clock import to_row
from faka.kernel.errors import FakaError, UnknownState
from faka.kernel.ids import ChannelId, PaymentId
from faka.kernel.model import Frozen
from faka.platform.day import of_day, without_day
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put, update


Model = TypeVar("Model", bound=Frozen)

NOTICE_TRIES_MAX = 10
"""A notice that failed ten times will fail the eleventh; it is parked for a person, with an alarm."""


def payment_key(payment_id: PaymentId) -> Key:
    return Key(TableName.TRADE, f"PAYMENT#{payment_id}", "PAYMENT")


def receipt_key(channel_id: ChannelId, txn: str) -> Key:
    return Key(TableName.TRADE, f"CHANNELTXN#{channel_id}#{txn}", "CHANNELTXN")


def notice_key(channel_id: ChannelId, dedupe_key: str) -> Key:
    return Key(TableName.TRADE, f"NOTICE#{channel_id}#{dedupe_key}", "NOTICE")


class PaymentStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, payment_id: PaymentId) -> Payment | None:
        row = self._tables.get(payment_key(payment_id))
        return payment_from(row) if row else None

    def receipt(self, key: str) -> Receipt | None:
        channel, _, txn = key.partition(":")
        row = self._tables.get(receipt_key(ChannelId(channel), txn))
        return receipt_from(row) if row else None

    def placed(self, payment: Payment) -> Write:
        return insert(TableName.TRADE, payment_item(payment), otherwise=_moved)

    def replaced(self, before: Payment, after: Payment) -> Write:
        """Write the attempt as it is after a change. Else PaymentMoved."""
        return put(TableName.TRADE, payment_item(after), when="#version = :seen", otherwise=_moved, seen=before.version)

    def received(self, receipt: Receipt) -> Write:
        """Book a movement of money once. Else ReceiptExists."""
        key = receipt_key(receipt.channel_id, receipt.channel_txn_id)
        item = _item(receipt, key) | of_day(receipt.channel_id, key.pk, receipt.paid_at)
        return insert(TableName.TRADE, item, otherwise=_booked)

    def decided(self, receipt: Receipt, state: ReceiptState, reason: str) -> Write:
        """Change what is done with money that was held. Else ReceiptExists with the row as it is."""
        key = receipt_key(receipt.channel_id, receipt.channel_txn_id)
        return update(
            key,
            "SET #state = :to, #reason = :why",
            when="#state = :seen",
            otherwise=_booked,
            to=state.value,
            why=reason,
            seen=receipt.state.value,
        )

    # -- notices ------------------------------------------------------------------------------------------------

    def stored(self, notice: Notice, due_at: datetime) -> Write:
        """Keep a notice as it came. Else NoticeExists, with the one that is kept."""
        item = _item(notice, notice_key(notice.channel_id, notice.dedupe_key))
        item |= {"body": notice.body, **due(notice.dedupe_key, due_at)}
        return insert(TableName.TRADE, item, otherwise=_noted)

    def notice(self, channel_id: ChannelId, dedupe_key: str) -> Notice | None:
        row = self._tables.get(notice_key(channel_id, dedupe_key))
        return notice_from(row) if row else None

    def settled(self, channel_id: ChannelId, dedupe_key: str, state: NoticeState) -> Write:
        """Say what became of a notice; it leaves the due index."""
        return update(notice_key(channel_id, dedupe_key), "SET #state = :to REMOVE #due_pk, #due_sk", to=state.value)

    def failed(self, notice: Notice, next_at: datetime) -> Write:
        """Count a failed application; parks the notice at the bound. Else NoticeMoved: money that was booked meanwhile stays booked."""
        tries = notice.tries + 1
        change, told = "#due_sk = :next", {"next": to_row(next_at)}
        if tries >= NOTICE_TRIES_MAX:
            change, told = "#state = :to REMOVE #due_pk, #due_sk", {"to": NoticeState.PARKED.value}
        return update(
            notice_key(notice.channel_id, notice.dedupe_key),
            f"SET #tries = :tries, {change}",
            when="#state = :waiting AND #tries = :seen",
            otherwise=_noticed,
            tries=tries,
            waiting=NoticeState.RECEIVED.value,
            seen=notice.tries,
            **told,
        )


def _moved(row: Item | None) -> FakaError:
    return PaymentMoved("payment moved", row)


def _booked(row: Item | None) -> FakaError:
    return ReceiptExists("receipt exists", row)


def _noticed(row: Item | None) -> FakaError:
    return NoticeMoved("notice moved", row)


def _noted(row: Item | None) -> FakaError:
    return NoticeExists("notice exists", row)


def _item(model: Frozen, key: Key) -> Item:
    item: dict[str, Any] = model.model_dump(mode="json", exclude={"body"})
    return {**item, "pk": key.pk, "sk": key.sk}


def payment_item(payment: Payment) -> Item:
    item = _item(payment, payment_key(payment.id))
    item.pop("due_at")
    if payment.due_at is not None:
        item |= due(payment.id, payment.due_at)
    return item


def payment_from(row: Item) -> Payment:
    """Raises: UnknownState when the row does not fit the model."""
    return _read(Payment, {**without_due(row), "due_at": row.get("due_sk")}, row)


def receipt_from(row: Item) -> Receipt:
    """Raises: UnknownState when the row does not fit the model."""
    return _read(Receipt, without_day(without_due(row)), row)


def notice_from(row: Item) -> Notice:
    """Raises: UnknownState when the row does not fit the model."""
    return _read(Notice, without_due(row), row)


def _read(model: type[Model], given: dict[str, Any], row: Item) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error

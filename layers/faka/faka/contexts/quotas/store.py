"""Hold rows, one-time codes, grants and try counters. All of them leave by TTL."""

import hashlib
from datetime import datetime, timedelta

from faka.contexts.quotas.errors import HoldsMoved, QuotaExceeded, TooManyTries, WrongCode
from faka.contexts.quotas.model import HoldLimits, Holds
from faka.kernel.clock import epoch_s
from faka.kernel.errors import FakaError
from faka.kernel.ids import OrderId, ProductId
from faka.platform.table import Item, Key, TableName, Tables, Write, delete, put, update


HOLD_TTL = timedelta(days=2)
"""A hold ends within the hour; two days leave room for a sweep that lags."""

CODE_TTL = timedelta(minutes=10)
CODE_TRIES_MAX = 5
"""Six digits and five tries: one guess in 200,000 per mail that we send, and the mails are limited too."""

GRANT_TTL = timedelta(hours=24)
"""A browser that proved its mail box may look at its orders for a day."""


def hold_key(kind: str, who: str) -> Key:
    return Key(TableName.GUARD, f"HOLD#{kind}#{who}", "HOLD")


def _slot(product_id: ProductId) -> str:
    """Attribute of a product's sum. Handles hold no underscore, so the exchange cannot make two of them one."""
    return f"p_{product_id.replace('-', '_')}"


class QuotaStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    # -- holds --------------------------------------------------------------------------------------------------

    def held(self, key: Key, order_id: OrderId, product_id: ProductId, quantity: int, limits: HoldLimits, at: datetime) -> Write:
        """Add an order to a hold row within the limits. Else QuotaExceeded, with the row.

        Raises: QuotaExceeded at once when the quantity alone is above the limit.
        """
        if quantity > limits.cards:
            raise QuotaExceeded("quantity above the limit")
        slot = _slot(product_id)
        return update(
            key,
            f"ADD #n :one, #v :one, #{slot} :quantity SET #o_{order_id} = :held, #ttl = :ttl",
            when=f"(attribute_not_exists(#n) OR #n < :orders) AND (attribute_not_exists(#{slot}) OR #{slot} <= :room)",
            otherwise=_exceeded,
            one=1,
            quantity=quantity,
            held=f"{product_id} {quantity}",
            ttl=epoch_s(at + HOLD_TTL),
            orders=limits.orders,
            room=limits.cards - quantity,
        )

    def holds(self, key: Key) -> Holds | None:
        row = self._tables.get(key)
        return _holds(key, row) if row else None

    def pruned(self, holds: Holds, at: datetime) -> Write:
        """Write a hold row without its finished orders. Else HoldsMoved."""
        key = hold_key(holds.kind, holds.who)
        row: Item = {"pk": key.pk, "sk": key.sk, "n": len(holds.orders), "v": holds.version, "ttl": epoch_s(at + HOLD_TTL)}
        row |= {f"o_{order}": f"{product} {quantity}" for order, (product, quantity) in holds.orders.items()}
        row |= {_slot(ProductId(product)): count for product, count in holds.per_product.items()}
        return put(TableName.GUARD, row, when="#v = :seen", otherwise=lambda row: HoldsMoved(row=row), seen=holds.version - 1)

    # -- one-time codes -----------------------------------------------------------------------------------------

    def code_sent(self, subject: str, digest: str, at: datetime) -> Write:
        """Remember the hash of a mailed code; a newer code replaces an older one."""
        key = _code_key(subject)
        return put(
            TableName.GUARD,
            {"pk": key.pk, "sk": key.sk, "digest": digest, "tries": 0, "until": epoch_s(at + CODE_TTL), "ttl": epoch_s(at + CODE_TTL)},
        )

    def try_code(self, subject: str, digest: str, at: datetime) -> None:
        """Use a code up. The try is counted before the comparison, so that parallel guesses cannot share one try.

        Raises: WrongCode for a wrong, used or expired code and for the sixth try.
        """
        key = _code_key(subject)
        counted = update(
            key,
            "ADD #tries :one",
            when="attribute_exists(pk) AND #tries < :most AND #until > :now",
            otherwise=_wrong,
            one=1,
            most=CODE_TRIES_MAX,
            now=epoch_s(at),
        )
        self._tables.apply(counted)
        self._tables.apply(delete(key, when="#digest = :digest", otherwise=_wrong, digest=digest))

    # -- grants -------------------------------------------------------------------------------------------------

    def granted(self, token: str, contact_hash: str, at: datetime) -> Write:
        """Let the holder of `token` see the orders of a contact. Only the token's hash is stored."""
        key = _grant_key(token)
        return put(
            TableName.GUARD,
            {"pk": key.pk, "sk": key.sk, "contact": contact_hash, "until": epoch_s(at + GRANT_TTL), "ttl": epoch_s(at + GRANT_TTL)},
        )

    def contact_of(self, token: str, at: datetime) -> str | None:
        """The contact whose orders this token may see, or None. TTL deletes late, so the time is compared here."""
        row = self._tables.get(_grant_key(token))
        return str(row["contact"]) if row and row["until"] > epoch_s(at) else None

    # -- tries --------------------------------------------------------------------------------------------------

    def count_try(self, what: str, who: str, most: int, window: timedelta, at: datetime) -> None:
        """Count one try in the present window. Raises: TooManyTries beyond `most`."""
        self._tables.apply(self.tried(what, who, most, window, at))

    def tried(self, what: str, who: str, most: int, window: timedelta, at: datetime) -> Write:
        """One more in the present window, in the commit that does it. Else TooManyTries."""
        return update(
            _tries_key(what, who, window, at),
            "ADD #n :one SET #ttl = :ttl",
            when="attribute_not_exists(#n) OR #n < :most",
            otherwise=lambda row: TooManyTries(what, row),
            one=1,
            most=most,
            ttl=epoch_s(at + 2 * window),
        )

    def require_tries(self, what: str, who: str, most: int, window: timedelta, at: datetime) -> None:
        """Turn away whoever has used his tries of the present window up, before anything is compared. Raises: TooManyTries."""
        row = self._tables.get(_tries_key(what, who, window, at))
        if row is not None and row["n"] >= most:
            raise TooManyTries(what, row)


def _tries_key(what: str, who: str, window: timedelta, at: datetime) -> Key:
    return Key(TableName.GUARD, f"TRIES#{what}#{who}", str(epoch_s(at) // int(window.total_seconds())))


def _code_key(subject: str) -> Key:
    return Key(TableName.GUARD, f"CODE#{subject}", "CODE")


def _grant_key(token: str) -> Key:
    return Key(TableName.GUARD, f"GRANT#{hashlib.sha256(token.encode()).hexdigest()}", "GRANT")


def _holds(key: Key, row: Item) -> Holds:
    _, kind, who = key.pk.split("#", 2)
    orders = {}
    for name, value in row.items():
        if name.startswith("o_"):
            product, _, quantity = value.rpartition(" ")
            orders[OrderId(name[2:])] = (ProductId(product), int(quantity))
    return Holds(kind=kind, who=who, orders=orders, version=row["v"])


def _exceeded(row: Item | None) -> FakaError:
    return QuotaExceeded("holds", row)


def _wrong(_row: Item | None) -> FakaError:
    return WrongCode()

"""One order at a time for a SKU and an account: the row names the order that was placed last.

Nobody gives the row back. Whoever meets it looks at the order that it names, and takes the row over when that one is done.
"""

from datetime import datetime, timedelta

from faka.kernel.clock import epoch_s
from faka.kernel.errors import Conflict
from faka.kernel.ids import OrderId, SkuId
from faka.platform.table import Key, TableName, Tables, Write, put


FLIGHT_TTL = timedelta(days=14)
"""Longer than any top-up is open: asked for three days beyond its limit, and a person has a few more."""


class InFlight(Conflict):
    """The same thing is on its way to the same account."""

    public_message = "An order for this account is already under way. Please wait until it has arrived; then you can order again."


class FlightStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, sku: SkuId, digest: str) -> OrderId | None:
        """The order that took the row last, ended or not."""
        row = self._tables.get(_key(sku, digest))
        return OrderId(row["order"]) if row else None

    def taken(self, sku: SkuId, digest: str, order: OrderId, seen: OrderId | None, at: datetime) -> Write:
        """`order` has the row now; `seen` is whose it was. Else InFlight."""
        key = _key(sku, digest)
        return put(
            TableName.GUARD,
            {"pk": key.pk, "sk": key.sk, "order": order, "ttl": epoch_s(at + FLIGHT_TTL)},
            when="#order = :seen" if seen else "attribute_not_exists(pk)",
            otherwise=lambda row: InFlight("account", row),
            **({"seen": str(seen)} if seen else {}),
        )


def _key(sku: SkuId, digest: str) -> Key:
    return Key(TableName.GUARD, f"FLIGHT#{sku}#{digest}", "FLIGHT")

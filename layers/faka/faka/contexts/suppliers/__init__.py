"""Suppliers behind one interface (`base.SupplierAdapter`).

A supplier is a data row, a secret and an adapter; a new protocol is one module in `adapters`, one line in `open_supplier` and
one shape in `account`.
"""

from faka.contexts.suppliers.account import SupplierAccount, SupplierClosed, open_account
from faka.contexts.suppliers.base import SupplierAdapter
from faka.kernel.clock import Clock
from faka.kernel.exchange import Transport


__all__ = ["open_account", "open_supplier"]


def open_supplier(account: SupplierAccount, transport: Transport, clock: Clock) -> SupplierAdapter:
    """The adapter of an account. Raises: SupplierClosed."""
    del transport, clock
    match account.kind:
        case _:
            raise SupplierClosed("no such kind of supplier yet")

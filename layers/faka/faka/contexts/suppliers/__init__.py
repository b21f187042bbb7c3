"""Suppliers behind one interface (`base.SupplierAdapter`).

A supplier is a data row, a secret and an adapter; a new protocol is one module in `adapters`, one line in `open_supplier` and
one shape in `account`.
"""

from collections.abc import Mapping, Sequence

from faka.contexts.suppliers.account import SupplierAccount, SupplierKind, open_account
from faka.contexts.suppliers.adapters.md5_form import Md5Form
from faka.contexts.suppliers.adapters.signed_json import SignedJson
from faka.contexts.suppliers.adapters.two_step import TwoStep
from faka.contexts.suppliers.base import SupplierAdapter
from faka.contexts.suppliers.store import SupplierRow
from faka.kernel.clock import Clock
from faka.kernel.exchange import Transport
from faka.kernel.secret import Secret


__all__ = ["open_account", "open_supplier", "opened"]


def open_supplier(account: SupplierAccount, transport: Transport, clock: Clock) -> SupplierAdapter:
    """The adapter of an account."""
    match account.kind:
        case SupplierKind.MD5_FORM:
            return Md5Form(account, transport, clock)
        case SupplierKind.SIGNED_JSON:
            return SignedJson(account, transport, clock)
        case SupplierKind.TWO_STEP:
            return TwoStep(account, transport, clock)


def opened(row: SupplierRow, secrets: Sequence[Mapping[str, Secret]], transport: Transport, clock: Clock) -> SupplierAdapter:
    """The adapter of a supplier's row. Raises: SupplierClosed."""
    account = open_account(
        supplier_id=row.id, kind=row.kind, account=row.account, gateway=row.gateway, currency=row.currency, secrets=secrets
    )
    return open_supplier(account, transport, clock)

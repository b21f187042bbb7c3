"""Players of suppliers: one truth (`warehouse`), and a desk for each protocol that speaks of it.

A new protocol is one module with a desk, and one line in `DESKS`.
"""

from infra.local.actors.suppliers.desk import SupplierDesk
from infra.local.actors.suppliers.md5_form import Md5FormDesk
from infra.local.actors.suppliers.signed_json import SignedJsonDesk
from infra.local.actors.suppliers.two_step import TwoStepDesk


DESKS: dict[str, type[SupplierDesk]] = {desk.name: desk for desk in (Md5FormDesk, SignedJsonDesk, TwoStepDesk)}

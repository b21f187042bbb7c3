"""Stores over the tables, each built when a function first touches it."""

from functools import cached_property
from typing import TYPE_CHECKING

from faka.contexts.audit import AuditStore
from faka.contexts.cases import CaseStore
from faka.contexts.catalog.store import CatalogStore
from faka.contexts.ledger.costs import CostStore
from faka.contexts.ledger.store import LedgerStore
from faka.contexts.orders.store import OrderStore
from faka.contexts.payments.health import HealthStore
from faka.contexts.payments.refunds import RefundStore
from faka.contexts.payments.store import PaymentStore
from faka.contexts.quotas.store import QuotaStore
from faka.contexts.statements.store import StatementStore
from faka.contexts.stock import StockStore
from faka.kernel.clock import Chance, Clock
from faka.platform.table import Tables


if TYPE_CHECKING:
    from faka.contexts.alerts.store import AlertStore
    from faka.contexts.complaints import ComplaintStore
    from faka.contexts.intake import BatchLog, ImportStore, ProbeStore
    from faka.contexts.papers import PaperStore
    from faka.contexts.purchases import PurchaseStore
    from faka.contexts.quotas.flights import FlightStore
    from faka.contexts.recharges import RechargeStore
    from faka.contexts.settlements import SettlementStore
    from faka.contexts.stock.low import LowStore
    from faka.contexts.suppliers.rules import SupplyRuleStore
    from faka.contexts.suppliers.standings import StandingStore
    from faka.contexts.suppliers.store import SupplierStore
    from faka.contexts.suppliers.supply import SupplyStore
    from faka.contexts.vault import VaultStore
    from faka.contexts.wallets.store import WalletStore


VAULT_LANES = 4
"""Bulk inserts of an import that travel at once: at 5 to 10 ms each, four keep one processor busy with sealing."""

SOLD_OUT_MEMORY_S = 0.25
"""How long one instance repeats "sold out" without asking: a model of 20,000 buyers makes 6,200 requests then, else 43,000."""


class Stores:
    """Everything that needs the tables and at most the clock."""

    clock: Clock
    chance: Chance

    @cached_property
    def tables(self) -> Tables:
        raise NotImplementedError

    @cached_property
    def catalog(self) -> CatalogStore:
        return CatalogStore(self.tables, self.clock)

    @cached_property
    def stock(self) -> StockStore:
        return StockStore(self.tables, self.clock, sold_out_memory_s=SOLD_OUT_MEMORY_S)

    @cached_property
    def orders(self) -> OrderStore:
        return OrderStore(self.tables)

    @cached_property
    def payments(self) -> PaymentStore:
        return PaymentStore(self.tables)

    @cached_property
    def refunds(self) -> RefundStore:
        return RefundStore(self.tables)

    @cached_property
    def health(self) -> HealthStore:
        return HealthStore(self.tables)

    @cached_property
    def ledger(self) -> LedgerStore:
        return LedgerStore(self.tables)

    @cached_property
    def costs(self) -> CostStore:
        return CostStore(self.tables)

    @cached_property
    def cases(self) -> CaseStore:
        return CaseStore(self.tables)

    @cached_property
    def alerts(self) -> "AlertStore":
        from faka.contexts.alerts.store import AlertStore

        return AlertStore(self.tables)

    @cached_property
    def audit(self) -> AuditStore:
        return AuditStore(self.tables)

    @cached_property
    def quotas(self) -> QuotaStore:
        return QuotaStore(self.tables)

    @cached_property
    def flights(self) -> "FlightStore":
        from faka.contexts.quotas.flights import FlightStore

        return FlightStore(self.tables)

    @cached_property
    def purchases(self) -> "PurchaseStore":
        from faka.contexts.purchases import PurchaseStore

        return PurchaseStore(self.tables)

    @cached_property
    def probes(self) -> "ProbeStore":
        from faka.contexts.intake import ProbeStore

        return ProbeStore(self.tables)

    @cached_property
    def complaints(self) -> "ComplaintStore":
        from faka.contexts.complaints import ComplaintStore

        return ComplaintStore(self.tables)

    @cached_property
    def wallets(self) -> "WalletStore":
        from faka.contexts.wallets.store import WalletStore

        return WalletStore(self.tables)

    @cached_property
    def suppliers(self) -> "SupplierStore":
        from faka.contexts.suppliers.store import SupplierStore

        return SupplierStore(self.tables)

    @cached_property
    def papers(self) -> "PaperStore":
        from faka.contexts.papers import PaperStore

        return PaperStore(self.tables)

    @cached_property
    def settlements(self) -> "SettlementStore":
        from faka.contexts.settlements import SettlementStore

        return SettlementStore(self.tables)

    @cached_property
    def standings(self) -> "StandingStore":
        from faka.contexts.suppliers.standings import StandingStore

        return StandingStore(self.tables)

    @cached_property
    def supply_rules(self) -> "SupplyRuleStore":
        from faka.contexts.suppliers.rules import SupplyRuleStore

        return SupplyRuleStore(self.tables)

    @cached_property
    def lows(self) -> "LowStore":
        from faka.contexts.stock.low import LowStore

        return LowStore(self.tables)

    @cached_property
    def supplies(self) -> "SupplyStore":
        from faka.contexts.suppliers.supply import SupplyStore

        return SupplyStore(self.tables)

    @cached_property
    def recharges(self) -> "RechargeStore":
        from faka.contexts.recharges import RechargeStore

        return RechargeStore(self.tables)

    @cached_property
    def vault(self) -> "VaultStore":
        from faka.contexts.vault import VaultStore

        return VaultStore(self.tables, lanes=VAULT_LANES)

    @cached_property
    def statements(self) -> StatementStore:
        return StatementStore(self.tables)

    @cached_property
    def imports(self) -> "ImportStore":
        from faka.contexts.intake import ImportStore

        return ImportStore(self.tables)

    @cached_property
    def batch_log(self) -> "BatchLog":
        from faka.contexts.intake import BatchLog

        return BatchLog(self.tables, self.chance)

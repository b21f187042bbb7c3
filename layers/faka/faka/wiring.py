"""Composition root: builds stores, providers and clients from settings, each only when a function first touches it."""

from functools import cached_property
from typing import TYPE_CHECKING

from faka.contexts.audit import AuditStore
from faka.contexts.cases import CaseStore
from faka.contexts.catalog.store import CatalogStore
from faka.contexts.ledger.costs import CostStore
from faka.contexts.ledger.store import LedgerStore
from faka.contexts.orders.store import OrderStore
from faka.contexts.payments.health import HealthStore
from faka.contexts.payments.providers import open_account, open_channel
from faka.contexts.payments.refunds import RefundStore
from faka.contexts.payments.store import PaymentStore
from faka.contexts.quotas.store import QuotaStore
from faka.contexts.statements.store import StatementStore
from faka.contexts.stock import StockStore
from faka.kernel.clock import Chance, Clock, Pause
from faka.platform import aws
from faka.platform.bus import Bus
from faka.platform.index_key import IndexKey
from faka.platform.mackey import MacKey
from faka.platform.mail import Mail
from faka.platform.queues import Queue
from faka.platform.real import SystemChance, SystemClock, system_pause
from faka.platform.secrets import Secrets
from faka.platform.settings import ShopSettings
from faka.platform.table import Tables


if TYPE_CHECKING:
    from faka.contexts.catalog.model import ChannelRow
    from faka.contexts.intake import BatchLog, ImportStore
    from faka.contexts.payments.providers.account import ChannelAccount
    from faka.contexts.payments.providers.adapter import Adapter
    from faka.contexts.vault import VaultStore
    from faka.contexts.wallets.store import WalletStore
    from faka.kernel.exchange import Transport
    from faka.kernel.ids import ChannelId
    from faka.platform.envelope import Envelope
    from faka.platform.machines import Machine
    from faka.platform.objects import Objects


__all__ = ["Deps", "ShopSettings"]

VAULT_LANES = 4
"""Bulk inserts of an import that travel at once: at 5 to 10 ms each, four keep one processor busy with sealing."""
SOLD_OUT_MEMORY_S = 0.25
"""How long one instance repeats "sold out" without asking: a model of 20,000 buyers makes 6,200 requests then, else 43,000."""


class Deps:
    """What a flow may use. Tests build it with a frozen clock, seeded chance and in-process tables and providers."""

    def __init__(
        self,
        settings: ShopSettings,
        *,
        clock: Clock | None = None,
        chance: Chance | None = None,
        pause: Pause = system_pause,
        tables: Tables | None = None,
        transport: "Transport | None" = None,
        secrets: "Secrets | None" = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.chance = chance or SystemChance()
        self.pause = pause
        self._tables = tables
        self._transport = transport
        self._secrets = secrets
        self._adapters: dict[ChannelId, tuple[ChannelRow, object, Adapter]] = {}

    @cached_property
    def tables(self) -> Tables:
        return self._tables or Tables(aws.dynamodb(), self.settings.table_names(), self.pause, self.chance)

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
    def audit(self) -> AuditStore:
        return AuditStore(self.tables)

    @cached_property
    def quotas(self) -> QuotaStore:
        return QuotaStore(self.tables)

    @cached_property
    def wallets(self) -> "WalletStore":
        from faka.contexts.wallets.store import WalletStore

        return WalletStore(self.tables)

    def adapter(self, channel_id: "ChannelId") -> "Adapter":
        """The provider's adapter for a channel, rebuilt when its row or its secret changes.

        Disabled channels are opened too: money for them may still arrive.
        Raises: ChannelNotFound, ChannelClosed, SecretsUnavailable.
        """
        row = self.catalog.channel(channel_id)
        secrets = self.secrets.live(row.secret_name)
        kept = self._adapters.get(channel_id)
        if kept is not None and kept[0] is row and kept[1] is secrets:
            return kept[2]
        adapter = open_channel(self.account(row), self.transport, self.clock)
        self._adapters[channel_id] = (row, secrets, adapter)
        return adapter

    def account(self, row: "ChannelRow") -> "ChannelAccount":
        """A channel's row and secret, judged; loads no cryptography. Raises: ChannelClosed, SecretsUnavailable."""
        return open_account(
            channel_id=row.id,
            kind=row.kind,
            account=row.account,
            gateway=row.gateway,
            currency=row.currency,
            public_key=row.public_key,
            public_keys=row.public_keys,
            secrets=self.secrets.live(row.secret_name),
        )

    @cached_property
    def transport(self) -> "Transport":
        from faka.platform.outbound import Outbound

        return self._transport or Outbound(allows_loopback=self.settings.faka_outbound_loopback == "1")

    @cached_property
    def secrets(self) -> Secrets:
        return self._secrets or Secrets(aws.client("secretsmanager"), self.clock)

    @cached_property
    def vault(self) -> "VaultStore":
        from faka.contexts.vault import VaultStore

        return VaultStore(self.tables, lanes=VAULT_LANES)

    @cached_property
    def envelope(self) -> "Envelope":
        from faka.platform.envelope import Envelope

        return Envelope(aws.client("kms"), self.settings.faka_kms_card_key, self.clock)

    @cached_property
    def objects(self) -> "Objects":
        from faka.platform.objects import Objects

        return Objects(aws.client("s3"), self.settings.faka_bucket_intake)

    @cached_property
    def statements(self) -> StatementStore:
        return StatementStore(self.tables)

    @cached_property
    def books(self) -> "Objects":
        from faka.platform.objects import Objects

        return Objects(aws.client("s3"), self.settings.faka_bucket_books)

    @cached_property
    def reconciliation(self) -> "Machine":
        from faka.platform.machines import Machine

        return Machine(aws.client("stepfunctions"), self.settings.faka_machine_reconciliation)

    @cached_property
    def imports(self) -> "ImportStore":
        from faka.contexts.intake import ImportStore

        return ImportStore(self.tables)

    @cached_property
    def batch_log(self) -> "BatchLog":
        from faka.contexts.intake import BatchLog

        return BatchLog(self.tables, self.chance)

    @cached_property
    def fingerprint_key(self) -> MacKey:
        return MacKey(aws.client("kms"), self.settings.faka_kms_fingerprint_key, "faka/card-fingerprint/v1")

    @cached_property
    def intake_queue(self) -> Queue:
        return Queue(aws.client("sqs"), self.settings.faka_queue_intake)

    @cached_property
    def bus(self) -> Bus:
        return Bus(aws.client("events"), self.settings.faka_event_bus)

    @cached_property
    def mail(self) -> Mail:
        return Mail(aws.client("sesv2"), self.settings.faka_mail_from)

    @cached_property
    def index_key(self) -> IndexKey:
        return IndexKey(aws.client("kms"), self.settings.faka_kms_index_key)

"""Composition root: builds stores, providers and clients from settings, each only when a function first touches it."""

from functools import cached_property
from typing import TYPE_CHECKING

from faka.contexts.payments.providers import open_account, open_channel
from faka.kernel.clock import Chance, Clock, Pause
from faka.platform import aws
from faka.platform.bus import Bus
from faka.platform.device_seal import DeviceSeal
from faka.platform.index_key import IndexKey
from faka.platform.mackey import MacKey
from faka.platform.mail import Mail
from faka.platform.queues import Queue
from faka.platform.real import SystemChance, SystemClock, system_pause
from faka.platform.secrets import Secrets
from faka.platform.settings import ShopSettings
from faka.platform.table import Tables
from faka.wiring.stores import Stores


if TYPE_CHECKING:
    from faka.contexts.alerts.base import Sender
    from faka.contexts.alerts.model import AlertRoute
    from faka.contexts.catalog.model import ChannelRow
    from faka.contexts.intake.probe import CardProbe, ProbeRow
    from faka.contexts.payments.providers.account import ChannelAccount
    from faka.contexts.payments.providers.adapter import Adapter
    from faka.contexts.suppliers.base import SupplierAdapter
    from faka.kernel.exchange import Transport
    from faka.kernel.ids import ChannelId, SupplierId
    from faka.platform.envelope import Envelope
    from faka.platform.functions import Function
    from faka.platform.machines import Machine
    from faka.platform.objects import Objects


__all__ = ["Deps", "ShopSettings"]

SAVED_ACCOUNTS = "faka/saved-accounts/v1"
"""What their key and their seal are called: no other label of that key, and no other seal under it, gives the same."""

SAVED_VALUE_MAX = 1500
"""Letters of the cookie with saved accounts. It travels with each request to the shop, files included; beside the orders' codes it stays
near 2 KB, a quarter of what servers take of all headers. Four accounts of three fields with twenty letters each fit; one of eight fields
full of Chinese does not, and is not kept."""


class Deps(Stores):
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

    def supplier(self, supplier_id: "SupplierId") -> "SupplierAdapter":
        """A supplier's adapter. Disabled ones are opened too: their last orders are asked about.

        Raises: SupplierMissing, SupplierClosed, SecretsUnavailable.
        """
        from faka.contexts.suppliers import opened

        row = self.suppliers.get(supplier_id)
        return opened(row, self.secrets.live(row.secret_name), self.transport, self.clock)

    def card_probe(self, row: "ProbeRow") -> "CardProbe":
        """Raises: ProbeClosed."""
        from faka.contexts.intake import opened_probe

        return opened_probe(row, self.transport)

    def alert_sender(self, route: "AlertRoute") -> "Sender":
        """Raises: AlertRouteBroken, SecretsUnavailable."""
        from faka.contexts.alerts import opened

        return opened(route, lambda: self.secrets.live(route.secret_name), self.transport, lambda: self.mail, self.clock)

    @cached_property
    def transport(self) -> "Transport":
        from faka.platform.outbound import Outbound

        return self._transport or Outbound(allows_loopback=self.settings.faka_outbound_loopback == "1")

    @cached_property
    def secrets(self) -> Secrets:
        return self._secrets or Secrets(aws.client("secretsmanager"), self.clock)

    @cached_property
    def envelope(self) -> "Envelope":
        from faka.platform.envelope import Envelope

        return Envelope(aws.client("kms"), self.settings.faka_kms_card_key, self.clock)

    @cached_property
    def objects(self) -> "Objects":
        from faka.platform.objects import Objects

        return Objects(aws.client("s3"), self.settings.faka_bucket_intake)

    @cached_property
    def books(self) -> "Objects":
        from faka.platform.objects import Objects

        return Objects(aws.client("s3"), self.settings.faka_bucket_books)

    @cached_property
    def reconciliation(self) -> "Machine":
        from faka.platform.machines import Machine

        return Machine(aws.client("stepfunctions"), self.settings.faka_machine_reconciliation)

    @cached_property
    def recharging(self) -> "Machine":
        from faka.platform.machines import Machine

        return Machine(aws.client("stepfunctions"), self.settings.faka_machine_recharge)

    @cached_property
    def restocking(self) -> "Machine":
        from faka.platform.machines import Machine

        return Machine(aws.client("stepfunctions"), self.settings.faka_machine_restock)

    @cached_property
    def recharges_function(self) -> "Function":
        from faka.platform.functions import Function

        return Function(aws.client_once("lambda"), self.settings.faka_function_recharge, self.clock)

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
    def accounts_seal(self) -> DeviceSeal:
        key = MacKey(aws.client("kms"), self.settings.faka_kms_index_key, SAVED_ACCOUNTS)
        return DeviceSeal(key, SAVED_ACCOUNTS, SAVED_VALUE_MAX, self.chance)

    @cached_property
    def index_key(self) -> IndexKey:
        return IndexKey(aws.client("kms"), self.settings.faka_kms_index_key)

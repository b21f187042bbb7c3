"""Which accounts have books of a day."""

from datetime import timedelta

from faka.contexts.catalog.model import ChannelRow
from faka.contexts.payments.providers.base import ChannelClosed, ProviderKind
from faka.flows.reconcile.messages import Plan, PlanRequest
from faka.kernel.clock import business_day
from faka.platform.telemetry import note
from faka.wiring import Deps


WITHOUT_BOOKS = frozenset({ProviderKind.EPUSDT.value})
"""A gateway for stablecoins keeps no list that could be fetched; the chain is its book, and each notice names its transaction."""


def plan(deps: Deps, asked: PlanRequest) -> Plan:
    """Every account that may have had money on the day. Disabled ones are asked, too, as long as they can be: money comes late.

    Raises: SecretsUnavailable.
    """
    day = asked.day or business_day(deps.clock.now()) - timedelta(days=1)
    accounts = [row.id for row in deps.catalog.channels(fresh=True) if row.kind not in WITHOUT_BOOKS and _can_be_asked(deps, row)]
    return Plan(day=day, accounts=tuple(accounts))


def _can_be_asked(deps: Deps, row: ChannelRow) -> bool:
    """An enabled account is always asked: that it cannot be is a finding. A disabled one that has no keys any more is over."""
    try:
        deps.adapter(row.id)
    except ChannelClosed as error:
        note("account_without_keys", error=error, channel_id=row.id)
        return row.enabled
    return True

"""What a call to a provider taught, noted; and what is known of the channels, for the rule that offers them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from faka.contexts.catalog.model import ChannelRow
from faka.contexts.catalog.routing import Standing
from faka.contexts.payments.errors import ChannelClosedForOrders
from faka.contexts.payments.health import Glance, Health, HealthMoved, Verdict
from faka.contexts.payments.providers.base import ChannelClosed
from faka.kernel.errors import Unavailable
from faka.kernel.ids import ChannelId
from faka.kernel.money import Money
from faka.platform import telemetry
from faka.wiring import Deps


TRIES_MAX = 3
"""Outcomes that collide. In an outage many are noted at once; one that is lost changes nothing, the next one says the same."""


def noted(deps: Deps, channel_id: ChannelId, ok: bool) -> None:
    """Note whether a provider answered a call. Never fails: what is being done for a buyer goes on.

    Cost: nothing for a channel that works (a memory of two seconds is looked at), one small write for each failure and for the
    first success after it.
    """
    with suppress(Unavailable):
        now = deps.clock.now()
        known = deps.health.glance({channel_id: False}, now)[channel_id].health
        if ok and (known is None or known.succeeded(now) is known):
            return
        _changed(deps, channel_id, lambda health: health.succeeded(now) if ok else health.failed(now))


def taken(deps: Deps, channel_id: ChannelId, ref: str, amount: Money) -> None:
    """Count a booked receipt toward its account's limit, where it has one. Never fails; see `payments.exposure` for what that means."""
    with suppress(Unavailable):
        if deps.catalog.channel(channel_id).max_unsettled_minor:
            deps.health.count_taken(channel_id, ref, amount.minor, deps.clock.now())


def standings(deps: Deps, rows: Sequence[ChannelRow]) -> dict[ChannelId, Standing]:
    """What is known of these channels now: secrets, health, the day's receipts.

    Where the guard table does not answer, every channel counts as healthy: it only guards, and the sale is worth more.
    """
    now = deps.clock.now()
    seen: Mapping[ChannelId, Glance] = {}
    try:
        seen = deps.health.glance({row.id: bool(row.max_unsettled_minor) for row in rows}, now)
    except Unavailable as error:
        telemetry.failed("health_unread", error)
    return {row.id: _standing(deps, row, seen.get(row.id), now) for row in rows}


def _standing(deps: Deps, row: ChannelRow, seen: Glance | None, now: datetime) -> Standing:
    is_healthy = seen is None or seen.health is None or seen.health.verdict(now) is not Verdict.RESTING
    taken_minor = seen.taken_minor or 0 if seen else 0
    return Standing(is_usable=_is_usable(deps, row), is_healthy=is_healthy, taken_minor=taken_minor)


def admit(deps: Deps, channel_id: ChannelId) -> None:
    """Let an order take a channel, or take the one place of a probe.

    Raises: ChannelClosedForOrders while the channel rests, and where another order is the probe.
    """
    now = deps.clock.now()
    try:
        known = deps.health.glance({channel_id: False}, now)[channel_id].health
    except Unavailable:
        return  # as in `standings`
    if known is None or known.verdict(now) is Verdict.WELL:
        return
    health = deps.health.find(channel_id, now)
    verdict = health.verdict(now)
    if verdict is Verdict.RESTING:
        raise ChannelClosedForOrders(channel_id)
    if verdict is Verdict.PROBE:
        try:
            deps.health.change(channel_id, health, health.leased(now), now)
        except HealthMoved as moved:
            raise ChannelClosedForOrders(channel_id) from moved
        telemetry.note("channel_probed", channel_id=channel_id, attempt=health.openings)


def _changed(deps: Deps, channel_id: ChannelId, learn: Callable[[Health], Health]) -> None:
    now = deps.clock.now()
    for _ in range(TRIES_MAX):
        before = deps.health.find(channel_id, now)
        after = learn(before)
        if after is before:
            return
        try:
            deps.health.change(channel_id, before, after, now)
        except HealthMoved:
            continue
        _told(channel_id, before, after, now)
        return


def _told(channel_id: ChannelId, before: Health, after: Health, now: datetime) -> None:
    """The line and the figure that say why a channel is gone or back."""
    if after.until is not None and after.verdict(now) is Verdict.RESTING and after.until != before.until:
        telemetry.note("channel_rested", channel_id=channel_id, count=after.failures, attempt=after.openings)
        telemetry.count("ChannelUnhealthy")
    elif before.until is not None and after.until is None:
        telemetry.note("channel_returned", channel_id=channel_id, attempt=before.openings)
        telemetry.count("ChannelReturned")


def _is_usable(deps: Deps, row: ChannelRow) -> bool:
    try:
        deps.account(row)
    except ChannelClosed:
        return False
    except Unavailable as error:
        telemetry.failed("secret_unread", error, channel_id=row.id)
        return False
    return True

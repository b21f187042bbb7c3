"""Choose a supplier by what is known of all who sell it, and remember how each attempt ended. `contexts.suppliers.standing` is the rule."""

from contextlib import suppress
from datetime import datetime, timedelta

from faka.contexts.recharges import Attempt, Recharge, RechargeState
from faka.contexts.recharges.model import ACCOUNT, ATTEMPTS_MAX
from faka.contexts.suppliers.base import SupplierAdapter
from faka.contexts.suppliers.standing import Breaker, Outcome, Rank, Reason, Standing, Verdict, Window
from faka.contexts.suppliers.standings import BreakerMoved
from faka.contexts.suppliers.store import Offer
from faka.kernel.errors import Unavailable, UnknownState
from faka.kernel.ids import SupplierId
from faka.platform import telemetry
from faka.wiring import Deps


TRIES_MAX = 3
"""Outcomes that collide at one breaker. One that is lost changes nothing: the next one says the same."""

UNREAD = (Unavailable, UnknownState)
"""The guard table does not answer, or with a row of another version of the shop: no reason to keep a buyer waiting."""

BUYERS_OWN = frozenset({ACCOUNT, "price", "goods"})
"""Reasons of a refusal that say nothing about how well a supplier works."""


def ranked(deps: Deps, recharge: Recharge) -> list[Offer]:
    """The offers that fit, the one to ask first at the head. Reads only."""
    fit = fitting(deps, recharge)
    if len(fit) < 2:
        return fit
    now = deps.clock.now()
    return sorted(fit, key=lambda one: Rank.of(one.supplier_id, one.cost, _glance(deps, one, now), now).key)


def passed_over(deps: Deps, offers: list[Offer], taken: Offer) -> None:
    """The line that says why an order did not go to the cheapest who sells it. `offers` are `ranked`."""
    now = deps.clock.now()
    cheapest = min(offers, key=lambda one: one.cost.minor)
    if cheapest.cost.minor == taken.cost.minor:
        return
    standing = _glance(deps, cheapest, now)
    is_first = offers.index(cheapest) < offers.index(taken) and standing.breaker.verdict(now) is Verdict.CLOSED
    why = "NOT ASKED: closed, without a key, or of low grade" if is_first else standing.why(cheapest.cost, now)
    telemetry.note("supplier_passed_over", supplier_id=cheapest.supplier_id, outcome=why)


def fitting(deps: Deps, recharge: Recharge) -> list[Offer]:
    """Open, not tried yet for this account, for no more than the buyer paid, and for the carrier that a look-up told."""
    if len(recharge.round) >= ATTEMPTS_MAX:
        return []
    return [one for one in _affordable(deps, recharge) if not one.carriers or recharge.carrier in one.carriers]


def needs_carrier(deps: Deps, recharge: Recharge) -> bool:
    """Whether somebody sells it who must know the account's carrier, which nobody has told. A prefix is no answer: numbers are ported."""
    return not recharge.carrier and any(one.carriers for one in _affordable(deps, recharge))


def _affordable(deps: Deps, recharge: Recharge) -> list[Offer]:
    tried = {one.supplier_id for one in recharge.round}
    offers = [one for one in deps.suppliers.offers(recharge.sku_id) if one.enabled and one.supplier_id not in tried]
    return [one for one in offers if one.cost.currency == recharge.price.currency and one.cost.minor <= recharge.price.minor]


def admitted(deps: Deps, offer: Offer) -> bool:
    """Whether this order may go there now: the one place of a probe is taken here."""
    now = deps.clock.now()
    try:
        breaker = deps.standings.glance(offer.supplier_id, offer.sku, now).breaker
        if breaker.verdict(now) is not Verdict.PROBE:
            return breaker.verdict(now) is Verdict.CLOSED
        fresh = deps.standings.find(offer.supplier_id, now).breaker
        if fresh.verdict(now) is not Verdict.PROBE:
            return fresh.verdict(now) is Verdict.CLOSED
        deps.standings.change(offer.supplier_id, fresh, fresh.leased(now), now)
    except BreakerMoved:
        return False
    except UNREAD as error:
        telemetry.failed("standing_unread", error, supplier_id=offer.supplier_id)
        return True
    telemetry.note("supplier_probed", supplier_id=offer.supplier_id, attempt=fresh.openings)
    return True


def balance_asked(deps: Deps, offer: Offer, adapter: SupplierAdapter) -> None:
    """Ask a supplier who has just answered what of our deposit is left, where nobody has for a while. Never fails."""
    now = deps.clock.now()
    with suppress(*UNREAD):
        known = deps.standings.glance(offer.supplier_id, offer.sku, now)
        if known.is_balance_due(now) and deps.standings.may_ask_balance(offer.supplier_id, now):
            deps.standings.note_balance(offer.supplier_id, adapter.balance(), now)


def learned(deps: Deps, before: Recharge, after: Recharge) -> None:
    """Count how an attempt ended, once: only the commit that ended it comes here. Never fails: the recharge is done already.

    Beside the commit and not in it: a row of counts in a thousand transactions at once would undo most of them, and what is lost
    where a worker dies between is one count of a share.
    """
    attempt = after.last
    known = before.attempt(attempt.number)
    outcome = outcome_of(known.state if known else None, attempt)
    if outcome is None or known is None:
        return
    now = deps.clock.now()
    wait_s = max(0, int((now - attempt.sent_at).total_seconds()))
    try:
        deps.standings.count(attempt.supplier_id, after.sku_id, outcome, wait_s, now)
        _judged(deps, after, outcome, now)
    except UNREAD as error:
        telemetry.failed("standing_unwritten", error, supplier_id=attempt.supplier_id)


def outcome_of(before: RechargeState | None, attempt: Attempt) -> Outcome | None:
    """What a change of an attempt says of its supplier; None where it says nothing."""
    if before is attempt.state:
        return None
    match attempt.state:
        case RechargeState.SUCCEEDED:
            return Outcome.GOOD
        case RechargeState.FAILED:
            return None if attempt.reason in BUYERS_OWN else Outcome.BAD
        case RechargeState.UNKNOWN if before is RechargeState.SUBMITTING:
            return Outcome.SILENT
        case _:
            return None


def _judged(deps: Deps, recharge: Recharge, outcome: Outcome, now: datetime) -> None:
    attempt = recharge.last
    for _ in range(TRIES_MAX):
        standing = deps.standings.find(attempt.supplier_id, now, recharge.sku_id)
        before = standing.breaker
        after = before.learned(standing.window, outcome, attempt.sent_at, now)
        if outcome is Outcome.BAD and attempt.reason == Reason.BALANCE and before.until is None:
            after = before.opened(now, Reason.BALANCE)  # every further order would be refused as well
        if after is before:
            return
        try:
            deps.standings.change(attempt.supplier_id, before, after, now)
        except BreakerMoved:
            continue
        _told(attempt.supplier_id, before, after, standing.window)
        return


def _told(supplier: SupplierId, before: Breaker, after: Breaker, window: Window) -> None:
    """The line and the figure that say why a supplier is out, or that he is back."""
    if after.reason is not None and after.openings and after.probes == 0 and after.until != before.until:
        telemetry.note(
            "supplier_rested", supplier_id=supplier, outcome=f"{after.reason}: {window.errors} of {window.total}", attempt=after.openings
        )
        telemetry.count("SuppliersRested")
    elif before.until is not None and after.until is None:
        telemetry.note("supplier_returned", supplier_id=supplier, attempt=before.openings)
        telemetry.count("SuppliersReturned")


def _glance(deps: Deps, offer: Offer, now: datetime) -> Standing:
    """Where the guard table does not answer, every supplier counts as new: it only guards, and the order is worth more."""
    try:
        return deps.standings.glance(offer.supplier_id, offer.sku, now)
    except UNREAD as error:
        telemetry.failed("standing_unread", error, supplier_id=offer.supplier_id)
        return Standing(breaker=Breaker(since=now - timedelta(days=1)), window=Window())

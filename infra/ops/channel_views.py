"""What `infra.ops.channels` prints, and the rates that it sets."""

import argparse
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from faka.contexts.catalog.errors import InvalidProduct
from faka.contexts.catalog.model import ChannelRow
from faka.contexts.catalog.policy import explain
from faka.contexts.catalog.rates import RateRow
from faka.contexts.payments.health import Glance, Verdict
from faka.kernel.clock import SHANGHAI
from faka.kernel.errors import FakaError
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import Money
from faka.kernel.rate import RATE_SCALE
from faka.wiring import Deps


WEAK = "weak: signed by MD5, so each notice is only a hint that the provider is asked about"
"""What an operator should know before he takes money by such a channel."""


def list_channels(deps: Deps, _: argparse.Namespace) -> None:
    for one in deps.catalog.channels(fresh=True):
        state = "enabled" if one.enabled else "disabled"
        print(f"{one.id:<16} {one.kind:<9} {state:<9} {','.join(one.methods):<20} {_usable(deps, one)}")
    for one in deps.catalog.channels():
        if one.is_weak:
            print(f"  {one.id} is {WEAK}")


def _usable(deps: Deps, channel: ChannelRow) -> str:
    try:
        deps.adapter(channel.id)
    except FakaError as error:
        return f"{error.code()}: {error}"
    return "usable"


def limits(deps: Deps, _: argparse.Namespace) -> None:
    print(f"{'channel':<16} {'way to pay':<16} {'share':>5}  {'from':>10} {'to':>12} {'a day':>12}  fee, who pays it; cost")
    for one in deps.catalog.channels(fresh=True):
        most = "" if one.amount_max_minor == AMOUNT_MINOR_MAX else _amount(one, one.amount_max_minor)
        day = _amount(one, one.max_unsettled_minor) if one.max_unsettled_minor else ""
        fee = f"{_rate(one, one.fee_bp, one.fee_fixed_minor)} {one.fee_bearer.lower()}; {_rate(one, one.cost_bp, one.cost_fixed_minor)}"
        print(f"{one.id:<16} {one.way:<16} {one.weight:>5}  {_amount(one, one.amount_min_minor):>10} {most:>12} {day:>12}  {fee}")


def health(deps: Deps, _: argparse.Namespace) -> None:
    now = deps.clock.now()
    rows = deps.catalog.channels(fresh=True)
    seen = deps.health.glance({one.id: bool(one.max_unsettled_minor) for one in rows}, now)
    for one in rows:
        glance = seen[one.id]
        came = "" if glance.taken_minor is None else f"{_amount(one, glance.taken_minor)} of {_amount(one, one.max_unsettled_minor)} today"
        print(f"{one.id:<16} {_standing(glance):<52} {came}".rstrip())


def _standing(glance: Glance) -> str:
    known = glance.health
    if known is None:
        return "well"
    counted = f"{known.failures} failures, {known.recoveries} recoveries"
    verdict = known.verdict(glance.read_at)
    if verdict is Verdict.WELL or known.until is None:
        return f"well ({counted})"
    until = known.until.astimezone(SHANGHAI).strftime("%H:%M:%S")
    return f"resting until {until} Shanghai ({counted})" if verdict is Verdict.RESTING else f"one order may try ({counted})"


def rates(deps: Deps, _: argparse.Namespace) -> None:
    now = deps.clock.now()
    for one in deps.catalog.rates(fresh=True):
        age_h = (now - one.at).total_seconds() / 3600
        state = "live" if one.is_live(now) else "too old: channels that need it are not offered"
        worth = f"1 {one.base} = {Decimal(one.rate_e8) / RATE_SCALE:f} {one.to}"
        print(f"{worth}  {age_h:.1f} of {one.age_h} hours old  {state}  {one.by}".rstrip())


def set_rate(deps: Deps, given: argparse.Namespace) -> None:
    """Raises: InvalidProduct. The digits are read as written: no float stands between what was typed and what is stored."""
    try:
        scaled = Decimal(given.rate) * RATE_SCALE
        if scaled != int(scaled):
            raise InvalidProduct("a rate has at most eight decimal places")
        facts = {"base": given.base, "to": given.to, "rate_e8": int(scaled), "at": deps.clock.now(), "age_h": given.hours, "by": given.by}
        row = RateRow.model_validate(facts)
    except ValidationError as error:
        raise InvalidProduct(explain(error)) from error
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise InvalidProduct("a rate is a number") from error
    deps.tables.commit([deps.catalog.save_rate(row)])
    deps.catalog.forget()
    rates(deps, given)


def _amount(channel: ChannelRow, minor: int) -> str:
    return Money(minor=minor, currency=channel.currency).decimal()


def _rate(channel: ChannelRow, points: int, fixed_minor: int) -> str:
    percent = f"{Decimal(points) / 100:f} %"
    return f"{percent} + {_amount(channel, fixed_minor)}" if fixed_minor else percent

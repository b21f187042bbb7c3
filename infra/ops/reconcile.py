"""Run a day's reconciliation, and look at what it found.

    python -m infra.ops.reconcile run                            begin yesterday, as the schedule does; a day that has begun is left alone
    python -m infra.ops.reconcile run --day 2026-11-24 --again   once more, whatever it came to: every step may be done twice
    python -m infra.ops.reconcile show                           yesterday: each account's run and its differences
    python -m infra.ops.reconcile show --day 2026-11-24
    python -m infra.ops.reconcile show --open                    undecided differences of the last fortnight
    python -m infra.ops.reconcile resolve CHANNEL DIFFERENCE --day 2026-11-24 --reason TEXT   propose an explanation …
    python -m infra.ops.reconcile approve PROPOSAL               … which somebody else agrees with: the difference is done

Days are those of the bills: 00:00 to 24:00 in Shanghai.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from faka.contexts.statements.model import Discrepancy, Run
from faka.flows.reconcile import PlanRequest
from faka.flows.reconcile.begin import begin, execution_name
from faka.flows.reconcile.overdue import LOOK_BACK_DAYS, UNDECIDED
from faka.flows.reconcile.resolve import approve_resolution, propose_resolution
from faka.kernel.clock import business_day, epoch_s
from faka.kernel.ids import ChannelId
from faka.kernel.money import Money
from faka.wiring import Deps
from infra.ops.command import parser_of, perform
from infra.ops.payments import of_proposal


def run(deps: Deps, given: argparse.Namespace) -> None:
    day = given.day or yesterday(deps)
    if given.again:
        name = f"{execution_name(day)}-again-{epoch_s(deps.clock.now())}"
        is_new = deps.reconciliation.begin(name, day=day.isoformat())
    else:
        name, is_new = execution_name(day), begin(deps, PlanRequest(day=day)).is_new
    print(f"{name} {'has begun' if is_new else 'is there already; --again runs the day once more'}")


def show(deps: Deps, given: argparse.Namespace) -> None:
    if given.open:
        found = list(undecided(deps))
        print("\n".join(map(line, found)) or f"nothing is open in the last {LOOK_BACK_DAYS} days")
        return
    day = given.day or yesterday(deps)
    for channel in deps.catalog.channels(fresh=True):
        print(told(channel.id, deps.statements.run(channel.id, day)))
        for one in deps.statements.discrepancies(channel.id, day):
            print(f"  {line(one)}")


def resolve(deps: Deps, given: argparse.Namespace) -> None:
    day = given.day or yesterday(deps)
    print(of_proposal(propose_resolution(deps, ChannelId(given.channel), day, given.difference, given.reason, given.by)))


def approve(deps: Deps, given: argparse.Namespace) -> None:
    print(line(approve_resolution(deps, given.proposal, given.by)))


def yesterday(deps: Deps) -> date:
    return business_day(deps.clock.now()) - timedelta(days=1)


def undecided(deps: Deps) -> Iterator[Discrepancy]:
    """Oldest day first. Bound: the rows of a fortnight."""
    today = business_day(deps.clock.now())
    for back in range(LOOK_BACK_DAYS, 0, -1):
        for channel in deps.catalog.channels(fresh=back == LOOK_BACK_DAYS):
            rows = deps.statements.discrepancies(channel.id, today - timedelta(days=back))
            yield from (one for one in rows if one.state in UNDECIDED)


def told(channel: str, found: Run | None) -> str:
    if found is None:
        return f"{channel:<16} no run"
    verdict = f", {found.verdict}" if found.verdict else ""
    lines = found.bill.lines if found.bill else 0
    tripped = ", the breaker tripped" if found.is_tripped else ""
    return f"{channel:<16} {found.state}{verdict}: {lines} lines, {found.matched} matched, {found.discrepancies} differences{tripped}"


def line(one: Discrepancy) -> str:
    sums = " / ".join(amount(one, minor) for minor in (one.our_minor, one.their_minor))
    return f"{one.day} {one.state:<10} {one.kind:<22} {one.out_trade_no or one.channel_txn_id:<32} ours / theirs {sums}  {one.id}"


def amount(one: Discrepancy, minor: int | None) -> str:
    if minor is None or one.currency is None:
        return "-"
    sign = "-" if minor < 0 else ""
    return f"{sign}{Money(minor=abs(minor), currency=one.currency).decimal()} {one.currency}"


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("reconcile", __doc__, "who decides")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act, switch in (("run", run, "--again"), ("show", show, "--open")):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument("--day", type=date.fromisoformat, help="the bill's day in Shanghai (default: yesterday)")
        verb.add_argument(switch, action="store_true")
    explain = verbs.add_parser("resolve")
    explain.set_defaults(act=resolve)
    explain.add_argument("channel")
    explain.add_argument("difference")
    explain.add_argument("--day", type=date.fromisoformat)
    explain.add_argument("--reason", required=True)
    agree = verbs.add_parser("approve")
    agree.set_defaults(act=approve)
    agree.add_argument("proposal")
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())

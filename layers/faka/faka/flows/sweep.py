"""The minute's round: everything that is due and everything that was left lying, whatever step it died in.

| due row | cure |
|---|---|
| notice RECEIVED | apply it again; parked with a case after ten failures |
| refund on its way | ask the provider, or tell it again under the same number |
| attempt unpaid | ask the provider; at expiry query, close, query, and give the cards back |
| recharge whose machine is gone | begin a machine for it again |
| purchase whose machine is gone | likewise |
| order paid without goods | fulfil |
| order ready, mail not sent | deliver |
| paper of a supplier that ends soon | a case |
| case past its deadline | counted for the alarm |
| claim without an owner | give the cards back (`flows.orphans`) |

Each cure is the normal step, which is conditional on what it read: the sweep may run twice at once, and beside everything.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from faka.contexts.cases import CASE_DEADLINE
from faka.contexts.payments.model import NoticeState
from faka.contexts.payments.refunds import refund_from
from faka.contexts.payments.store import notice_from, payment_from
from faka.kernel.clock import epoch_s
from faka.kernel.errors import Conflict, FakaError
from faka.kernel.ids import OrderId, SupplierId
from faka.platform import telemetry
from faka.platform.due import due_before
from faka.platform.table import Key, TableName
from faka.steps.notice import apply_notice, as_it_came, failed
from faka.steps.papers import warn_of_papers
from faka.steps.poll import ask
from faka.steps.refund import drive
from faka.wiring import Deps


RETRY = timedelta(seconds=60)

AGAIN_S = 300
"""A machine that was begun again has said something within it, or is gone, too."""

PURCHASE_AGAIN_S = 3_600

STUCK_AFTER = timedelta(minutes=2)
"""An order that has been due for longer was not healed by the round before: the promise is two minutes."""

Cure = Callable[[OrderId], object]


def sweep(deps: Deps, cure_order: Cure, has_time: Callable[[], bool]) -> dict[str, int]:
    """One round; answers what was done, by kind. `cure_order` is the normal flows of an order.

    Bound: `due.DUE_PAGE` rows a shard and the time that `has_time` grants; the rest stays due and is oldest next time.
    """
    done: dict[str, int] = {}
    now = deps.clock.now()
    stuck = 0
    for pk, since in due_before(deps.tables, now):
        if not has_time():
            telemetry.note("sweep_out_of_time", count=sum(done.values()))
            break
        kind, _, name = pk.partition("#")
        stuck += kind == "ORDER" and now - since > STUCK_AFTER
        cure = CURES.get(kind)
        try:
            with telemetry.contained():
                if cure is not None:
                    cure(deps, pk, since)
                elif kind == "ORDER":
                    cure_order(OrderId(name))
        except Conflict as error:  # somebody else did it meanwhile
            telemetry.note("sweep_met_another", error=error, step=kind)
        except FakaError as error:
            telemetry.failed("sweep_failed", error, step=kind)
            telemetry.count("SweepFailures")
        done[kind] = done.get(kind, 0) + 1
        telemetry.count(f"Swept{kind.title()}s")
    telemetry.count("StuckOrders", stuck)
    return done


def _payment(deps: Deps, pk: str, _since: datetime) -> None:
    row = deps.tables.get(Key(TableName.TRADE, pk, "PAYMENT"))
    if row is not None:
        ask(deps, payment_from(row))


def _refund(deps: Deps, pk: str, _since: datetime) -> None:
    row = deps.tables.get(Key(TableName.TRADE, pk, "REFUND"))
    if row is not None:
        drive(deps, refund_from(row))


def _recharge(deps: Deps, pk: str, _since: datetime) -> None:
    """Each step pushes the row forward, so one that is due has no machine; two machines do no harm, and one in five minutes is enough."""
    row = deps.tables.get(Key(TableName.TRADE, pk, "RECHARGE"))
    if row is not None and "due_sk" in row:
        deps.recharging.begin(f"{row['id']}-{epoch_s(deps.clock.now()) // AGAIN_S}", recharge=row["id"])


def _purchase(deps: Deps, pk: str, _since: datetime) -> None:
    """One an hour: a step that waits for an import writes nothing, so its machine may be alive after all, and would have a second one."""
    row = deps.tables.get(Key(TableName.TRADE, pk, "PURCHASE"))
    if row is not None and "due_sk" in row:
        deps.restocking.begin(f"{row['id']}-again-{epoch_s(deps.clock.now()) // PURCHASE_AGAIN_S}", purchase=row["id"])


def _notice(deps: Deps, pk: str, _since: datetime) -> None:
    row = deps.tables.get(Key(TableName.TRADE, pk, "NOTICE"))
    if row is None or row["state"] != NoticeState.RECEIVED:
        return
    notice = notice_from(row)
    try:
        adapter = deps.adapter(notice.channel_id)
        apply_notice(deps, adapter, notice, adapter.parse_notice(as_it_came(notice)))
    except Conflict:
        raise
    except FakaError as error:
        telemetry.failed("notice_failed_again", error, channel_id=notice.channel_id, attempt=notice.tries + 1)
        failed(deps, notice, deps.clock.now() + RETRY)


def _papers(deps: Deps, pk: str, _since: datetime) -> None:
    warn_of_papers(deps, SupplierId(pk.removeprefix("PAPERS#")))


def _case(deps: Deps, _pk: str, since: datetime) -> None:
    """Nothing to cure: a person is late. The age makes the alarm."""
    minutes = int((deps.clock.now() - since + CASE_DEADLINE).total_seconds() // 60)
    telemetry.count("OldestCaseMinutes", minutes)


CURES: dict[str, Callable[[Deps, str, datetime], None]] = {
    "NOTICE": _notice,
    "PAYMENT": _payment,
    "REFUND": _refund,
    "RECHARGE": _recharge,
    "PURCHASE": _purchase,
    "PAPERS": _papers,
    "CASE": _case,
}

"""End a day: report, cases, verdict, and the figures that never change again."""

import json
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any

from faka.contexts.statements.found import about_the_file
from faka.contexts.statements.model import Discrepancy, DiscrepancyClass, Run, RunState
from faka.contexts.statements.report import figures, is_unsettled, sha256_of, work_list
from faka.contexts.statements.store import DayClosed, RunMoved
from faka.contexts.statements.tally import BESIDE, IDLE, MATCHED, TIMING
from faka.flows.reconcile.advance import TRIES_MAX, advanced, run_of, started
from faka.flows.reconcile.charge import charged
from faka.flows.reconcile.messages import AccountDay, BillState, Closed
from faka.flows.reconcile.shelf import CSV, GZIP, JSON, Shelf
from faka.flows.reconcile.work_list import Keeper, ask_a_person
from faka.kernel.clock import to_row
from faka.kernel.errors import TransactionBusy
from faka.platform.table import Write
from faka.platform.telemetry import count, note
from faka.wiring import Deps


FEES = ("fees_e5", "charged_e5")
"""What was kept of known payments against the contract, and what was kept by the whole bill."""


def close(deps: Deps, asked: AccountDay) -> Closed:
    """Writes: books (report), trade (run, cases), journal (the closed day, once; a later end of it as a correction; the day's fees).

    Raises: IllegalTransition when the day was not reduced; TransactionBusy, Throttled, ObjectsDown.
    """
    run = deps.statements.run(asked.channel, asked.day)
    if run is None or run.state in (RunState.WAITING_FILE, RunState.FILE_MISSING, RunState.FILE_CORRUPT):
        return _without_a_bill(deps, asked, run)
    if run.state is RunState.FAILED:
        count("DaysNotClosed")
        return Closed(state=RunState.FAILED)
    rows = {one.id: one for one in deps.statements.discrepancies(asked.channel, asked.day)}
    for one in rows.values():
        ask_a_person(deps, one)
    shelf = Shelf(deps.books, asked.channel, asked.day)
    sums = shelf.get_json("sums.json")
    if run.state is not RunState.CLOSED:
        run = advanced(deps, asked.channel, asked.day, _verdict(run, rows, sums), verdict=_verdict(run, rows, sums))
    frozen = figures(run, _lasting(sums), [one.id for one in rows.values() if is_unsettled(one)])
    sha256 = sha256_of(frozen)
    _report(deps, shelf, run, sums, rows, sha256)
    _end(deps, run, frozen, sha256, sums["charged_e5"])
    note("day_closed", flow="reconcile", channel_id=asked.channel, outcome=str(run.verdict), count=run.discrepancies)
    count("ReconcileOpen", sum(map(is_unsettled, rows.values())))
    return Closed(state=run.verdict or RunState.CLOSED, report=shelf.at("summary.json"))


def _without_a_bill(deps: Deps, asked: AccountDay, run: Run | None) -> Closed:
    is_corrupt = run is not None and run.reason == BillState.CORRUPT
    state = RunState.FILE_CORRUPT if is_corrupt else RunState.FILE_MISSING
    keeper = Keeper()
    keeper.take(about_the_file(DiscrepancyClass(state.value), asked.channel, asked.day))
    keeper.keep(deps, asked.channel, asked.day)
    for one in deps.statements.discrepancies(asked.channel, asked.day):
        ask_a_person(deps, one)
    if run is None:
        started(deps, asked.channel, asked.day, RunState.WAITING_FILE, reason=BillState.NOT_READY.value)
    if run is None or run.state is RunState.WAITING_FILE:
        advanced(deps, asked.channel, asked.day, state, verdict=state)
    count("BillsMissing")
    return Closed(state=state)


def _verdict(run: Run, rows: dict[str, Discrepancy], sums: dict[str, Any]) -> RunState:
    """What waits for the next day's bill is no difference yet; what was repaired is none any more."""
    if run.overflow or any(map(is_unsettled, rows.values())):
        return RunState.DISCREPANT
    is_silent = run.bill is not None and not run.bill.name and not sums["ours"]["lines"]
    return RunState.NO_DATA if is_silent else RunState.BALANCED


def _lasting(sums: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on when the day was run: lines that were only carried along are left out."""
    ours = {place: amounts for place, amounts in sums["ours_by_place"].items() if place != IDLE}
    return {"bill": sums["bill"], "theirs": sums["theirs_by_place"], "ours": ours, **{name: sums[name] for name in FEES}}


def _end(deps: Deps, run: Run, frozen: dict[str, Any], sha256: str, charged_e5: dict[str, int]) -> None:
    """The run is CLOSED, its figures are frozen and its fees are booked: one commit, and nothing is left to do when it was done before.

    The first end of a day stands for ever; another one stands beside it, and books what its bill says more or less.
    Raises: IllegalTransition when the day was begun anew meanwhile; TransactionBusy.
    """
    text = json.dumps(frozen, sort_keys=True, ensure_ascii=False)
    freeze: list[Write] = [deps.statements.closed(run, sha256, text, deps.clock.now())]
    is_corrected = False
    for _ in range(TRIES_MAX):
        fees, postings = charged(deps, run, charged_e5)
        after = run.ended(deps.clock.now(), sha256, fees)
        moves = [deps.statements.replaced(run, after)] if after is not run else []
        try:
            if writes := [*freeze, *moves, *postings]:
                deps.tables.commit(writes)
        except DayClosed as known:  # the row that stands there: the first end, or this very correction
            is_corrected = (known.row or {}).get("sha256") != sha256
            freeze = [deps.statements.corrected(run, sha256, text, deps.clock.now())] if is_corrected else []
        except RunMoved:
            run = run_of(deps, run.channel, run.day)
        else:
            if is_corrected:
                count("DaysCorrected")
            return
    raise TransactionBusy(f"{run.channel} {run.day}")


def _report(deps: Deps, shelf: Shelf, run: Run, sums: dict[str, Any], rows: dict[str, Discrepancy], sha256: str) -> None:
    account = deps.catalog.channel(run.channel)
    with TemporaryFile() as file:
        for line in work_list(_found(shelf, rows), account.account.get("mchid", "") or next(iter(account.account.values()), "")):
            file.write(line.encode())
        shelf.upload("discrepancies.csv", file, CSV)
    with TemporaryFile() as file:  # packed files one after the other are one packed file
        for part in range(run.parts):
            file.write(deps.books.get(shelf.at(f"matched/{part:02d}.jsonl.gz")))
        shelf.upload("matched.jsonl.gz", file, GZIP)
    summary = json.dumps(_summary(run, sums, rows, sha256), indent=1, ensure_ascii=False)
    deps.books.put(shelf.at("summary.json"), summary.encode(), JSON)


def _found(shelf: Shelf, rows: dict[str, Discrepancy]) -> Iterator[Discrepancy]:
    """All findings of the run, with what was done about those that are rows; then rows of earlier runs of the day."""
    seen = set()
    for line in shelf.lines("found.jsonl"):
        one = Discrepancy.model_validate_json(line)
        if one.id in rows:
            seen.add(one.id)
        yield rows.get(one.id, one)
    yield from (one for one in rows.values() if one.id not in seen)


def _summary(run: Run, sums: dict[str, Any], rows: dict[str, Discrepancy], sha256: str) -> dict[str, Any]:
    lines = sums["bill"]["lines"]
    beside = sum(count for count, _ in sums["theirs_by_place"].get(BESIDE, {}).values())
    open_minor: dict[str, int] = {}
    for one in filter(is_unsettled, rows.values()):
        if one.currency is not None:
            open_minor[one.currency] = open_minor.get(one.currency, 0) + abs(one.difference_minor)
    return {
        "run": run.key,
        "day_sha256": sha256,
        "rule_version": run.rule_version,
        "verdict": run.verdict,
        "is_tripped": run.is_tripped,
        "bill": run.bill.model_dump() if run.bill else None,
        "match_rate_bp": 10_000 * run.matched // (lines - beside) if lines > beside else None,
        "matched": run.matched,
        "discrepancies": run.discrepancies,
        "classes": sorted(place for place in {*sums["theirs_by_place"], *sums["ours_by_place"]} if place not in (MATCHED, BESIDE, IDLE)),
        "in_doubt": sums["ours_by_place"].get(TIMING, {}),
        "open_minor": open_minor,
        **{name: sums[name] for name in ("ours", "theirs_by_place", "ours_by_place", *FEES, "is_closed")},
        "lines": sums["bill"],
        "started_at": to_row(run.started_at),
        "closed_at": to_row(run.changed_at),
    }

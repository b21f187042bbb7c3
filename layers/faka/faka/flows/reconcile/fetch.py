"""Get a provider's books of a day, keep them as they came, prove them, and cut them into parts."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import BinaryIO

from faka.contexts.payments.providers.adapter import Adapter
from faka.contexts.payments.providers.bill import BILL_LINES_MAX, BillCorrupt, BillFile, BillLine, BillNotReady
from faka.contexts.statements.model import Bill, RunState
from faka.contexts.statements.parts import Totals, parts_for, spread_bill
from faka.flows.reconcile.advance import started
from faka.flows.reconcile.messages import AccountDay, BillState, Fetched
from faka.flows.reconcile.shelf import BILL, Shelf, part_files
from faka.platform.telemetry import count, failed, note
from faka.wiring import Deps


def fetch(deps: Deps, asked: AccountDay) -> Fetched:
    """One try. The day's run then stands at NORMALISED, or waits for its file and says why.

    Writes: books (raw file, parts), trade (run).
    Bound:  `BILL_BYTES_MAX`, `BILL_LINES_MAX`; the file lies on disk, never in memory.
    Raises: ProviderUnavailable, ChannelClosed, ObjectsDown, TransactionBusy: again later.
    """
    adapter, shelf = deps.adapter(asked.channel), Shelf(deps.books, asked.channel, asked.day)
    try:
        with TemporaryFile() as file:
            came = adapter.fetch_bill(asked.day, file)
            bill, parts = _kept(adapter, shelf, asked, came, file)
    except BillNotReady as error:
        return _waits(deps, asked, BillState.NOT_READY, error)
    except BillCorrupt as error:
        count("BillsCorrupt")
        return _waits(deps, asked, BillState.CORRUPT, error)
    started(deps, asked.channel, asked.day, RunState.NORMALISED, bill=bill, parts=parts, reason="", verdict=None, is_tripped=False)
    note("bill_fetched", flow="reconcile", channel_id=asked.channel, count=bill.lines)
    return Fetched(state=BillState.READY if came is not None else BillState.NO_DATA, parts=parts, lines=bill.lines)


def _kept(adapter: Adapter, shelf: Shelf, asked: AccountDay, came: BillFile | None, file: BinaryIO) -> tuple[Bill, int]:
    """The raw file is kept before it is read: also one that proves corrupt is evidence."""
    if came is None:
        with part_files(1) as parts:
            parts.upload(shelf, BILL, Totals())
        return Bill(), 1
    name = f"raw/{came.sha256}"
    shelf.upload(name, file, came.media)
    file.seek(0)
    cut = parts_for(came.bytes, came.media)
    with part_files(cut) as parts:
        totals = spread_bill(_bounded(adapter.parse_bill(asked.day, file)), cut, parts)
        parts.upload(shelf, BILL, totals)
    facts = came.model_dump(include={"media", "bytes", "sha256", "provider_hash"})
    return Bill(name=shelf.at(name), lines=totals.lines, **facts), cut


def _bounded(lines: Iterator[BillLine]) -> Iterator[BillLine]:
    for ordinal, line in enumerate(lines, 1):
        if ordinal > BILL_LINES_MAX:
            raise BillCorrupt(f"more than {BILL_LINES_MAX} lines")
        yield line


def _waits(deps: Deps, asked: AccountDay, state: BillState, error: BillNotReady | BillCorrupt) -> Fetched:
    failed("bill_not_there", error, flow="reconcile", channel_id=asked.channel)
    started(deps, asked.channel, asked.day, RunState.WAITING_FILE, reason=state.value)
    return Fetched(state=state)

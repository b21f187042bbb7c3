"""The day's report: a summary, a work list for spreadsheets, and the figures whose hash is the closed day."""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from faka.contexts.statements.model import Discrepancy, DiscrepancyClass, DiscrepancyState, Run
from faka.kernel.clock import to_row


BOM = "\ufeff"
"""Excel reads UTF-8 as the local code page without it."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so is calculated by spreadsheets; a number from outside must not run as a formula on an accountant's desk."""

COLUMNS = (
    *("id", "class", "severity", "channel", "account", "bill_date", "out_trade_no", "channel_txn_id", "out_refund_no", "order_id"),
    *("our_state", "their_state", "our_amount", "their_amount", "difference", "currency", "our_time", "their_time"),
    *("suggested_action", "action_taken", "state"),
)

_C = DiscrepancyClass
SUGGESTED: Mapping[DiscrepancyClass, str] = {
    _C.BILL_ONLY_PAYMENT: "ask the provider; book it by its number, else keep it in suspense and give it back",
    _C.LOCAL_ONLY_PAYMENT: "ask the provider; if it was not paid, stop the order: was the notice forged?",
    _C.AMOUNT_MISMATCH: "hold the order and decide",
    _C.CURRENCY_MISMATCH: "hold the order and decide",
    _C.STATE_MISMATCH: "ask the provider and settle by the rule of late money",
    _C.DUPLICATE_PAYMENT: "give the later payment back",
    _C.DUPLICATE_BILL_LINE: "none; tell the provider if it repeats",
    _C.BILL_ONLY_REFUND: "find who refunded it in the provider's console, and record it",
    _C.LOCAL_ONLY_REFUND: "ask the provider about this refund number",
    _C.REFUND_AMOUNT_MISMATCH: "ask the provider about this refund number and decide",
    _C.REFUND_STATE_MISMATCH: "ask the provider about this refund number",
    _C.FEE_MISMATCH: "compare the contract's rate with the provider's",
    _C.CHARGEBACK: "answer the dispute in time, or take the loss",
    _C.UNDELIVERED_PAID: "hand the goods over, or give the money back",
    _C.DELIVERED_UNPAID: "find out why goods left without money",
    _C.FILE_MISSING: "fetch it again by hand; ask the provider",
    _C.FILE_CORRUPT: "fetch it again by hand; ask the provider",
}


def neutral(text: str) -> str:
    """A text cell that no spreadsheet calculates."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def work_list(discrepancies: Iterable[Discrepancy], account: str) -> Iterator[str]:
    """`discrepancies.csv`, line by line."""
    yield BOM + _line(COLUMNS)
    for one in discrepancies:
        yield _line(_cells(one, account))


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cells(one: Discrepancy, account: str) -> list[str]:
    taken = "; ".join(f"{action.by}: {action.before} -> {action.after}" for action in one.actions)
    texts = [one.id, one.kind, one.severity, one.channel, account, one.day.isoformat(), one.out_trade_no, one.channel_txn_id]
    texts += [one.out_refund_no, one.order_id, one.our_state, one.their_state]
    amounts = ["" if minor is None else str(minor) for minor in (one.our_minor, one.their_minor)] + [str(one.difference_minor)]
    times = [to_row(at) if at else "" for at in (one.our_time, one.their_time)]
    rest = [one.currency or "", *times, SUGGESTED[one.kind], taken, one.state]
    return [*map(neutral, texts), *amounts, *map(neutral, rest)]


def figures(run: Run, sums: Mapping[str, Any], open_ids: Iterable[str]) -> dict[str, Any]:
    """What is frozen when the day is closed: nothing in it depends on when, or how often, the day was run."""
    bill = run.bill
    return {
        "channel": run.channel,
        "day": run.day.isoformat(),
        "rule_version": run.rule_version,
        "verdict": run.verdict,
        "bill": {"sha256": bill.sha256, "lines": bill.lines, "provider_hash": bill.provider_hash} if bill else None,
        "sums": sums,
        "open": sorted(open_ids),
    }


def sha256_of(figures: Mapping[str, Any]) -> str:
    """Of the one canonical spelling."""
    return hashlib.sha256(json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


def is_unsettled(one: Discrepancy) -> bool:
    return one.state in (DiscrepancyState.OPEN, DiscrepancyState.ASSIGNED)

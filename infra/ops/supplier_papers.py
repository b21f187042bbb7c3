"""What `infra.ops.suppliers` does with papers."""

import argparse
import hashlib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from faka.contexts.papers import PaperKind, PaperState
from faka.flows.admit_supplier import decide_paper, file_paper
from faka.kernel.clock import SHANGHAI, business_day
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import SupplierId
from faka.wiring import Deps


PAPER_BYTES_MAX = 50_000_000
"""A scan of many pages."""


def print_papers(deps: Deps, supplier: SupplierId) -> None:
    for one in deps.papers.of(supplier):
        last = business_day(one.valid_until - timedelta(seconds=1)).isoformat()
        decided = f", {one.state.lower()} by {one.decided_by}" if one.decided_by else ""
        print(f"  {one.name:<30} {one.state:<9} {one.number:<12} to {last}, filed by {one.filed_by}{decided}")


def file(deps: Deps, given: argparse.Namespace) -> None:
    if given.paper.stat().st_size > PAPER_BYTES_MAX:
        raise InvalidRequest(f"{given.paper.name} is larger than {PAPER_BYTES_MAX} bytes")
    digest = hashlib.sha256(given.paper.read_bytes()).hexdigest()
    kind = PaperKind(given.kind.upper())
    supplier = SupplierId(given.id)
    file_paper(deps, supplier, kind, number=given.number, sha256=digest, valid_until=end_of(given.until), by=given.by)
    print_papers(deps, supplier)


def decide(deps: Deps, given: argparse.Namespace) -> None:
    row = decide_paper(deps, SupplierId(given.id), given.name, given.to, given.by)
    print_papers(deps, row.id)
    print(f"  admitted until {row.admitted_until:%Y-%m-%d %H:%M} UTC" if row.admitted_until else "  not admitted")


def end_of(day: str) -> datetime:
    """The end of a day in Shanghai. Raises: InvalidRequest."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), SHANGHAI) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest("a day reads 2027-12-31") from error


def add_verbs(verbs: Any) -> None:
    verb = verbs.add_parser("file")
    verb.set_defaults(act=file)
    verb.add_argument("id")
    verb.add_argument("kind", choices=[one.lower() for one in PaperKind])
    verb.add_argument("--number", required=True)
    verb.add_argument("--paper", type=Path, required=True, help="the scan; only its SHA-256 is kept")
    verb.add_argument("--until", required=True, help="the last day on which it counts")
    for name, to in (("approve", PaperState.APPROVED), ("reject", PaperState.REJECTED), ("withdraw", PaperState.WITHDRAWN)):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=decide, to=to)
        verb.add_argument("id")
        verb.add_argument("name")

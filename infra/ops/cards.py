"""Bring cards in, look after them, take them off sale.

python -m infra.ops.cards import FILE --product P --sku S    upload a card file and wait until it is in stock
    --cost 5.12 --currency CNY --supplier NAME --remark TEXT --expires 2027-12-31
    --separator=---- --columns number,secret,expires --encoding gb18030     what is not said is found out
python -m infra.ops.cards status BATCH                       how far an import has come, and its counts
python -m infra.ops.cards problems BATCH                     an address to download the lines that brought no card
python -m infra.ops.cards resume BATCH                       put an import back into its queue
python -m infra.ops.cards freeze BATCH --reason TEXT         and `thaw`, `void`: a whole batch; void is for ever
python -m infra.ops.cards void-card SKU NUMBER --reason TEXT one card, for ever
python -m infra.ops.cards expire SKU                         put expired cards aside and count them
python -m infra.ops.cards counts SKU                         total, available, locked, sold, frozen, void, expired
python -m infra.ops.cards batches SKU                        every batch with cost, supplier, remark
python -m infra.ops.cards history SKU NUMBER                 what happened to one card, when and by whom
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3

from faka.contexts.intake import FILE_BYTES_MAX, BadImport, Column, ImportState, Shape, Wish
from faka.flows.intake import ImportOrder, Progress, open_import, problem_link, progress
from faka.flows.withhold import expire, freeze, thaw, void_batch, void_card
from faka.kernel.errors import InvalidRequest
from faka.kernel.money import Currency, Money, parse_decimal
from faka.platform.objects import UploadForm
from faka.wiring import Deps
from infra.ops.command import parser_of, perform
from infra.ops.history import history, tally


WAIT_S = 600
"""A million lines take some minutes; whoever does not want to wait asks with `status` later."""

Post = Callable[[UploadForm, Path], None]


# -- bringing in ----------------------------------------------------------------------------------------------------


def import_cards(deps: Deps, given: argparse.Namespace, post: "Post | None" = None) -> None:
    file: Path = given.file
    if not 0 < file.stat().st_size <= FILE_BYTES_MAX:
        raise InvalidRequest(f"a card file has 1 to {FILE_BYTES_MAX} bytes")
    order = ImportOrder(
        product=given.product,
        sku=given.sku,
        by=given.by,
        wish=_wish(given),
        unit_cost=_cost(given),
        supplier=given.supplier,
        remark=given.remark,
    )
    opened = open_import(deps, order)
    (post or upload)(opened.form, file)
    print(f"batch {opened.job.id}")
    ends = time.monotonic() + given.wait
    shown = progress(deps, opened.job.id)
    while shown.state not in (ImportState.DONE, ImportState.REFUSED) and time.monotonic() < ends:
        time.sleep(1)
        shown = progress(deps, opened.job.id)
    say(shown)


def _wish(given: argparse.Namespace) -> Wish:
    try:
        columns = tuple(Column(name.strip().upper()) for name in given.columns.split(",")) if given.columns else ()
    except ValueError as error:
        raise BadImport("columns are number, secret, expires, other") from error
    return Wish(
        shape=Shape.CSV if given.file.suffix.lower() == ".csv" else Shape.TXT,
        separator=None if given.separator is None else given.separator.replace("\\t", "\t"),
        columns=columns,
        encoding=given.encoding,
        expires=given.expires,
    )


def _cost(given: argparse.Namespace) -> Money | None:
    return parse_decimal(given.cost, Currency(given.currency)) if given.cost else None


def upload(form: UploadForm, file: Path) -> None:
    """Send the file as a browser would."""
    fields: list[tuple[str, str | tuple[str, bytes]]] = [*form.fields.items(), ("file", (file.name, file.read_bytes()))]
    answer = urllib3.request("POST", form.url, fields=fields, retries=False, timeout=urllib3.Timeout(connect=5, read=300))
    if answer.status >= 300:
        raise InvalidRequest(f"the bucket answered {answer.status}")


def say(shown: Progress) -> None:
    words = f"{shown.state} {shown.counts.lines}/{shown.lines} lines: {shown.counts.new} new, "
    words += f"{shown.counts.duplicate} duplicate, {shown.counts.bad} bad"
    print(words + (f" ({shown.refusal})" if shown.refusal else "") + ("; see `problems`" if shown.has_problems else ""))


def status(deps: Deps, given: argparse.Namespace) -> None:
    say(progress(deps, given.batch))


def problems(deps: Deps, given: argparse.Namespace) -> None:
    print(problem_link(deps, given.batch) or "no problems")


def resume(deps: Deps, given: argparse.Namespace) -> None:
    deps.imports.get(given.batch)
    deps.intake_queue.send({"import": given.batch})
    print("queued")


# -- taking away ----------------------------------------------------------------------------------------------------


def turn(deps: Deps, given: argparse.Namespace) -> None:
    batch = given.flow(deps, given.batch, given.by, given.reason)
    print(f"{batch.id} {batch.state} {batch.count} cards of {batch.sku}")


def void_one(deps: Deps, given: argparse.Namespace) -> None:
    found = void_card(deps, given.sku, given.number, given.by, given.reason)
    print(f"card {found.number} of batch {found.batch} is void; {'it was in stock' if found.was_in_stock else 'an order has or had it'}")


def expire_sku(deps: Deps, given: argparse.Namespace) -> None:
    found = expire(deps, given.sku)
    for lot in found.lots:
        print(f"{lot.expires} {lot.batch} {lot.count} cards")
    print(f"{found.unsold} expired unsold")


# -- looking --------------------------------------------------------------------------------------------------------


def counts(deps: Deps, given: argparse.Namespace) -> None:
    found = tally(deps, given.sku)
    for name in ("total", "available", "waiting", "locked", "sold"):
        print(f"{name:<12} {getattr(found, name)}")
    for why, count in sorted(found.withheld.items()):
        print(f"{why.lower():<12} {count}")


def batches(deps: Deps, given: argparse.Namespace) -> None:
    for batch in deps.vault.batches(given.sku):
        cost = f"{batch.unit_cost.decimal()} {batch.unit_cost.currency}" if batch.unit_cost else "-"
        ends = next((lot.expires for lot in batch.lots if lot.expires), "-")
        facts = f"{batch.id} {batch.at:%Y-%m-%d} {batch.state:<6} {batch.count:>8} {cost:>14} {ends:<10}"
        print(f"{facts} {batch.supplier} {batch.remark}".rstrip())


def show_history(deps: Deps, given: argparse.Namespace) -> None:
    for event in history(deps, given.sku, given.number):
        print(f"{event.at} {event.what:<12} {event.by:<12} {event.detail}".rstrip())


# -- the command ----------------------------------------------------------------------------------------------------


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("cards", __doc__, "who does this, for the journal")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _import_arguments(verbs.add_parser("import"))
    for name, act in (("status", status), ("problems", problems), ("resume", resume)):
        verb = verbs.add_parser(name)
        verb.add_argument("batch")
        verb.set_defaults(act=act)
    for name, flow in (("freeze", freeze), ("thaw", thaw), ("void", void_batch)):
        verb = verbs.add_parser(name)
        verb.add_argument("batch")
        verb.add_argument("--reason", required=True)
        verb.set_defaults(act=turn, flow=flow)
    for name, act in (("void-card", void_one), ("expire", expire_sku), ("counts", counts), ("batches", batches), ("history", show_history)):
        verb = verbs.add_parser(name)
        verb.add_argument("sku")
        if act in (void_one, show_history):
            verb.add_argument("number", type=int)
        if act is void_one:
            verb.add_argument("--reason", required=True)
        verb.set_defaults(act=act)
    return parser


def _import_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", type=Path)
    verb.add_argument("--product", required=True)
    verb.add_argument("--sku", required=True)
    verb.add_argument("--separator")
    verb.add_argument("--currency", default=Currency.CNY.value, choices=[currency.value for currency in Currency])
    verb.add_argument("--wait", type=float, default=WAIT_S, help="seconds to wait for the import")
    for name in ("cost", "supplier", "remark", "expires", "columns", "encoding"):
        verb.add_argument(f"--{name}", default="")
    verb.set_defaults(act=import_cards)


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, {OSError: lambda error: f"{type(error).__name__}: {error.strerror}"})


if __name__ == "__main__":
    sys.exit(main())

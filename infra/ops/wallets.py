"""Gift codes and wallets.

    python -m infra.ops.wallets issue FILE --count 100 --amount 50.00 --expires 2027-12-31 --reason TEXT
        --sold CHANNEL                                  which channel took the money; without it the values are given away
        --currency CNY
    python -m infra.ops.wallets resume FILE             finish an issue that was interrupted; issues nothing twice
    python -m infra.ops.wallets batch BATCH             how much of a batch is open, redeemed, void
    python -m infra.ops.wallets void BATCH --reason TEXT   take back what nobody has redeemed
    python -m infra.ops.wallets show WALLET             balance and newest movements

The file is written before anything is issued and can be read by its owner only: it is the only place where the codes stand. Its
first line says what they are worth, each further line is one code.
"""

import argparse
import json
import os
import sys
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from faka.contexts.wallets.errors import ValueNotFound, WalletNotFound
from faka.contexts.wallets.model import VALUES_MAX, WalletId, is_wallet_id
from faka.flows.issue_values import Issue, issue_values, new_batch, void_values
from faka.kernel.clock import SHANGHAI
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import lookup_code
from faka.kernel.money import Currency, Money, parse_decimal
from faka.wiring import Deps
from infra.ops.command import parser_of, perform


FILE_BYTES_MAX = 32 * VALUES_MAX
"""Ten thousand codes of 16 symbols, each on a line, and room around them."""


def issue(deps: Deps, given: argparse.Namespace) -> None:
    if not 0 < given.count <= VALUES_MAX:
        raise InvalidRequest(f"1 to {VALUES_MAX} codes")
    ordered = Issue(
        batch=new_batch(deps.clock.now(), deps.chance),
        amount=parse_decimal(given.amount, Currency(given.currency)),
        channel=deps.catalog.channel(given.sold, fresh=True).id if given.sold else "",
        expires_at=_end_of(given.expires),
        by=given.by,
        reason=given.reason,
    )
    codes = [lookup_code(deps.chance) for _ in range(given.count)]
    write(given.file, ordered, codes)
    _issue(deps, ordered, codes)


def resume(deps: Deps, given: argparse.Namespace) -> None:
    _issue(deps, *read(given.file))


def _issue(deps: Deps, ordered: Issue, codes: list[str]) -> None:
    new = issue_values(deps, ordered, codes)
    print(f"batch {ordered.batch}: {new} of {len(codes)} codes issued now, each worth {_say(ordered.amount)}")


def write(file: Path, ordered: Issue, codes: list[str]) -> None:
    """A new file for its owner's eyes. Raises: InvalidRequest where there is one already."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InvalidRequest(f"{file.name} is there already; `resume` finishes its issue") from error
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write("".join(f"{line}\n" for line in (ordered.model_dump_json(), *codes)))
        out.flush()
        os.fsync(out.fileno())


def read(file: Path) -> tuple[Issue, list[str]]:
    """Raises: InvalidRequest, without a word of the file."""
    if file.stat().st_size > FILE_BYTES_MAX:
        raise InvalidRequest(f"{file.name} is too long")
    first, *codes = file.read_text(encoding="utf-8").splitlines() or [""]
    try:
        return Issue.model_validate(json.loads(first)), codes
    except (ValidationError, ValueError) as error:
        raise InvalidRequest(f"{file.name} does not begin with what its codes are worth") from error


def _end_of(day: str) -> datetime:
    """The end of a day in Shanghai. Raises: InvalidRequest."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), SHANGHAI) + timedelta(days=1)
    except ValueError as error:
        raise InvalidRequest("a day reads 2027-12-31") from error


def batch(deps: Deps, given: argparse.Namespace) -> None:
    values = deps.wallets.of_batch(given.batch)
    if not values:
        raise ValueNotFound(given.batch)
    counts = Counter(value.state for value in values)
    words = ", ".join(f"{count} {state.lower()}" for state, count in sorted(counts.items()))
    print(f"{len(values)} codes of {_say(values[0].amount)}: {words}; valid until {values[0].expires_at.isoformat()}")


def void(deps: Deps, given: argparse.Namespace) -> None:
    taken, kept = void_values(deps, given.batch, given.by, given.reason)
    print(f"{taken} taken back, {kept} are in wallets")


def show(deps: Deps, given: argparse.Namespace) -> None:
    wallet = deps.wallets.find(WalletId(given.wallet)) if is_wallet_id(given.wallet) else None
    if wallet is None:
        raise WalletNotFound(given.wallet)
    print(f"{wallet.id}  {_say(wallet.balance)}  opened {wallet.opened_at.isoformat()}")
    for one in deps.wallets.statement(wallet.id):
        sign = "+" if one.amount_minor > 0 else "-"
        amount = Money(minor=abs(one.amount_minor), currency=wallet.currency)
        print(f"{one.at.isoformat():<34} {one.kind:<9} {sign}{amount.decimal():>12}  {one.ref}")


def _say(amount: Money) -> str:
    return f"{amount.decimal()} {amount.currency}"


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("wallets", __doc__, "who does it, for the journal")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act, what in (
        ("issue", issue, "file"),
        ("resume", resume, "file"),
        ("batch", batch, "batch"),
        ("void", void, "batch"),
        ("show", show, "wallet"),
    ):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument(what, type=Path if what == "file" else str)
        if name in ("issue", "void"):
            verb.add_argument("--reason", required=True)
        if name == "issue":
            verb.add_argument("--count", type=int, required=True)
            verb.add_argument("--amount", required=True)
            verb.add_argument("--currency", default="CNY", choices=[one.value for one in Currency])
            verb.add_argument("--expires", required=True)
            verb.add_argument("--sold", default="", metavar="CHANNEL")
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, {OSError: lambda error: f"file: {error}"})


if __name__ == "__main__":
    sys.exit(main())

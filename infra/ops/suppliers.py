"""Suppliers: who they are, what they offer of which SKU, by which papers they are admitted.

    python -m infra.ops.suppliers list                          every supplier, and whether something may be ordered there
    python -m infra.ops.suppliers show SUPPLIER                 his row, his papers, his grade with its reasons; never his secret
    python -m infra.ops.suppliers save first.yaml               add or change one; the file holds no secret
    python -m infra.ops.suppliers close SUPPLIER                nothing new is ordered there; what is open is asked about
    python -m infra.ops.suppliers open SUPPLIER                 needs papers that are approved and still good
    python -m infra.ops.suppliers balance SUPPLIER              ask him what of our deposit is left: shows that key and address are right
    python -m infra.ops.suppliers offers SKU                    who sells it, at what cost
    python -m infra.ops.suppliers offer offer.yaml              add or change one
    python -m infra.ops.suppliers withdraw-offer SKU SUPPLIER   he does not sell it any more

    python -m infra.ops.suppliers file SUPPLIER licence --number N --paper scan.pdf --until 2027-12-31
    python -m infra.ops.suppliers approve SUPPLIER PAPER        a second person; also `reject`, and `withdraw` of an approved one
    python -m infra.ops.suppliers score SUPPLIER                grade him by his last thirty days, with the reasons
    python -m infra.ops.suppliers grade                         … and everybody, as it happens every night

A supplier's file holds id, name, kind (signed_json, md5_form, two_step), account, gateway and currency. An offer's holds sku,
supplier_id, goods_id, cost {minor, currency}, and what it needs of face_minor, fields, carriers. A paper's file is not kept: its
SHA-256 is, and the last signs of its number. `--by` names who does it; without it, who is logged in here.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from faka.contexts.catalog.policy import explain
from faka.contexts.suppliers.scorecard import FULL, ROUTED_MIN, Score
from faka.contexts.suppliers.store import Offer, SupplierMissing, SupplierRow
from faka.flows.admit_supplier import switch_supplier
from faka.flows.grade_suppliers import grade_supplier, grade_suppliers
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import SkuId, SupplierId
from faka.steps.offers import offered
from faka.wiring import Deps
from infra.ops.command import parser_of, perform
from infra.ops.supplier_papers import add_verbs, print_papers


FILE_BYTES_MAX = 65_536
WRITTEN = frozenset({"id", "name", "kind", "account", "gateway", "currency"})
"""What a file may say of a supplier; the rest is decided by papers, grades and persons."""


def list_suppliers(deps: Deps, _: argparse.Namespace) -> None:
    print("\n".join(line(deps, row) for row in deps.suppliers.rows()) or "no supplier yet; `save` adds one")


def line(deps: Deps, row: SupplierRow) -> str:
    until = f"papers until {row.admitted_until:%Y-%m-%d %H:%M} UTC" if row.admitted_until else "no papers"
    is_open = "open" if row.is_open(deps.clock.now()) else "suspended: papers" if row.enabled else "closed"
    return f"{row.id:<16} {row.kind:<12} {is_open:<18} {row.grade or '-'}  {until}"


def show(deps: Deps, given: argparse.Namespace) -> None:
    row = deps.suppliers.get(SupplierId(given.id))
    print(line(deps, row))
    print(f"  {row.name}, {row.currency}, {row.gateway}, secret under {row.secret_name}")
    for reason in row.grade_reasons:
        print(f"  {reason}")
    print_papers(deps, row.id)


def save(deps: Deps, given: argparse.Namespace) -> None:
    """A known supplier keeps what the file does not say: papers, grade, open or closed. Raises: InvalidRequest, SupplierMoved."""
    written = read_file(given.file)
    if strange := sorted(set(map(str, written)) - WRITTEN):
        raise InvalidRequest(f"{given.file.name}: {', '.join(strange)} cannot be said in a supplier's file")
    try:
        row = SupplierRow.model_validate(written)
        try:
            before = deps.suppliers.get(row.id)
        except SupplierMissing:
            deps.tables.apply(deps.suppliers.inserted(row))
        else:
            row = before.changed(**{name: getattr(row, name) for name in written})
            deps.tables.apply(deps.suppliers.replaced(before, row))
    except ValidationError as error:
        raise InvalidRequest(explain(error)) from error
    print(line(deps, row))


def switch(deps: Deps, given: argparse.Namespace) -> None:
    print(line(deps, switch_supplier(deps, SupplierId(given.id), given.enabled)))


def grade(deps: Deps, _: argparse.Namespace) -> None:
    for row, found in grade_suppliers(deps):
        print_score(deps, row, found)


def score(deps: Deps, given: argparse.Namespace) -> None:
    print_score(deps, *grade_supplier(deps, SupplierId(given.id)))


def print_score(deps: Deps, row: SupplierRow, found: Score) -> None:
    print(line(deps, row))
    print(f"  {found.points} of {FULL} points; below {ROUTED_MIN} he is asked last" if found.grade else "  nothing has happened yet")
    for reason in found.reasons:
        print(f"  {reason}")


def balance(deps: Deps, given: argparse.Namespace) -> None:
    told = deps.supplier(SupplierId(given.id)).balance()
    deps.standings.note_balance(SupplierId(given.id), told, deps.clock.now())
    print(f"{given.id}: {told.decimal()} {told.currency}")


def offers(deps: Deps, given: argparse.Namespace) -> None:
    print("\n".join(map(offer_line, deps.suppliers.offers(SkuId(given.id)))) or "nobody offers it")


def offer_line(one: Offer) -> str:
    state = "offered" if one.enabled else "withdrawn"
    carriers = f"  for {', '.join(one.carriers)}" if one.carriers else ""
    return f"{one.sku:<20} {one.supplier_id:<16} {one.goods_id:<16} {one.cost.decimal():>10} {one.cost.currency} {state}{carriers}"


def save_offer(deps: Deps, given: argparse.Namespace) -> None:
    try:
        offer = Offer.model_validate(read_file(given.file))
    except ValidationError as error:
        raise InvalidRequest(explain(error)) from error
    row = deps.suppliers.get(offer.supplier_id)
    if offer.cost.currency is not row.currency:
        raise InvalidRequest(f"{row.id} is paid in {row.currency}")
    deps.tables.commit(offered(deps, offer))
    print(offer_line(offer))


def withdraw_offer(deps: Deps, given: argparse.Namespace) -> None:
    found = [one for one in deps.suppliers.offers(SkuId(given.id)) if one.supplier_id == given.supplier]
    if not found:
        raise SupplierMissing(f"{given.supplier} does not offer {given.id}")
    withdrawn = found[0].model_copy(update={"enabled": False})
    deps.tables.commit(offered(deps, withdrawn))
    print(offer_line(withdrawn))


def read_file(file: Path) -> dict[str, Any]:
    """YAML, and so JSON, of one object. Raises: InvalidRequest, without a word of the file."""
    try:
        text = file.read_text(encoding="utf-8")
        written = yaml.safe_load(text) if len(text) <= FILE_BYTES_MAX else None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidRequest(f"{file.name} cannot be read: {type(error).__name__}") from error
    if not isinstance(written, dict):
        raise InvalidRequest(f"{file.name} is not one short object of names and values")
    return written


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("suppliers", __doc__, "who does it")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verbs.add_parser("list").set_defaults(act=list_suppliers)
    verbs.add_parser("grade").set_defaults(act=grade)
    for name, more in (
        ("show", {"act": show}),
        ("open", {"act": switch, "enabled": True}),
        ("close", {"act": switch, "enabled": False}),
        ("score", {"act": score}),
        ("balance", {"act": balance}),
        ("offers", {"act": offers}),
        ("withdraw-offer", {"act": withdraw_offer}),
    ):
        verb = verbs.add_parser(name)
        verb.set_defaults(**more)
        verb.add_argument("id")
        if name == "withdraw-offer":
            verb.add_argument("supplier")
    for name, act in (("save", save), ("offer", save_offer)):
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument("file", type=Path)
    add_verbs(verbs)
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps, {OSError: lambda error: f"file: {error.strerror}"})


if __name__ == "__main__":
    sys.exit(main())

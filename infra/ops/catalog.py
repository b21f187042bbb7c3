"""Change what the shop sells.

python -m infra.ops.catalog list                             everything, with version, state and price
python -m infra.ops.catalog show lanjing-video > it.yaml     one product, ready to edit and publish
python -m infra.ops.catalog publish it.yaml                  new products, or the next version of the one that was shown
python -m infra.ops.catalog schedule ID --on 2026-12-01T10:00:00+08:00 --off 2026-12-12T00:00:00+08:00
python -m infra.ops.catalog tree
python -m infra.ops.catalog category ID --zh 音乐 --en Music --parent media
python -m infra.ops.catalog move-category ID --to PARENT     with everything below it; without --to: top level
python -m infra.ops.catalog remove-category ID
python -m infra.ops.catalog bulk price=-10% --category video one change of up to 500 products; also list, unlist, category=ID
python -m infra.ops.catalog resume CHANGE                    finish a bulk change that was stopped
python -m infra.ops.catalog undo CHANGE                      give back what nobody changed since
"""

import argparse
import getpass
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from faka.contexts.catalog.categories import CategoryTree
from faka.contexts.catalog.edits import Edit
from faka.contexts.catalog.errors import InvalidProduct
from faka.contexts.catalog.policy import explain, lawful, read_product
from faka.contexts.catalog.texts import Localized, Moment
from faka.flows.bulk_edit import BulkReport, bulk_edit, resume, undo
from faka.flows.edit_catalog import move_category, publish, put_category, remove_category, schedule
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import ulid
from faka.wiring import Deps
from infra.ops.command import parser_of, perform


FILE_BYTES_MAX = 20_000_000
"""A file of products: sixty of the largest that the shop stores, thousands of usual ones."""


# -- looking ------------------------------------------------------------------------------------------------------


def list_products(deps: Deps, _: argparse.Namespace) -> None:
    for row in deps.catalog.shelf(fresh=True):
        price = row.price_from.decimal() + (f" to {row.price_to.decimal()}" if row.price_to != row.price_from else "")
        window = " ".join(f"{name} {at:%Y-%m-%dT%H:%MZ}" for name, at in (("from", row.on_at), ("until", row.off_at)) if at)
        facts = f"{row.id:<32} v{row.version:<4} {row.state:<9} {row.kind:<8} {row.category:<16} {price} {row.price_from.currency}"
        print(f"{facts} {window}".rstrip())


def show(deps: Deps, given: argparse.Namespace) -> None:
    product = deps.catalog.product_version(given.id, given.version) if given.version else deps.catalog.product(given.id, fresh=True)
    written = product.model_dump(mode="json", exclude_defaults=True, exclude={"change"})
    print(yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=120), end="")


def show_tree(deps: Deps, _: argparse.Namespace) -> None:
    _print_tree(deps.catalog.tree(fresh=True))


def _print_tree(tree: CategoryTree) -> None:
    for depth, node in tree.walk():
        print(f"{'  ' * depth}{node.id}  {node.name.zh} / {node.name.en}")


# -- products -----------------------------------------------------------------------------------------------------


def publish_file(deps: Deps, given: argparse.Namespace) -> None:
    """Everything in a file is read and checked before the first product is written; then each is one commit."""
    written = _read_file(given.file)
    products = [read_product(one) for one in written.get("products", [] if "categories" in written else [written])]
    if "categories" in written:
        _publish_tree(deps, written["categories"])
    for product in products:
        after = publish(deps, product)
        print(f"{after.id} v{after.version} {after.state}")


def _read_file(file: Path) -> Mapping[str, Any]:
    """Raises: InvalidProduct."""
    if file.stat().st_size > FILE_BYTES_MAX:
        raise InvalidProduct(f"{file.name} is larger than {FILE_BYTES_MAX} bytes")
    try:
        text = file.read_text(encoding="utf-8")
        written = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidProduct(f"{file.name} is not readable: {type(error).__name__}") from error
    listed = written.get("products", []) if isinstance(written, dict) else None
    if not isinstance(written, dict) or not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise InvalidProduct(f"{file.name} must hold one product, or `products:` with a list of them")
    return written


def _publish_tree(deps: Deps, written: object) -> None:
    before = deps.catalog.tree(fresh=True)
    try:
        tree = lawful(CategoryTree.model_validate({"categories": written, "version": before.version}))
    except ValidationError as error:
        raise InvalidProduct(explain(error)) from error
    deps.tables.commit([deps.catalog.save_tree(tree)])
    print(f"{len(tree.categories)} categories")


def schedule_product(deps: Deps, given: argparse.Namespace) -> None:
    after = schedule(deps, given.id, _moment(given.on), _moment(given.off))
    print(f"{after.id} v{after.version} {after.state} from {after.on_at or 'now'} until {after.off_at or 'further notice'}")


def _moment(text: str | None) -> Any:
    try:
        return TypeAdapter(Moment | None).validate_python(text)
    except ValidationError as error:
        raise InvalidRequest(explain(error)) from error


# -- categories ---------------------------------------------------------------------------------------------------


def put_one_category(deps: Deps, given: argparse.Namespace) -> None:
    _print_tree(put_category(deps, given.id, given.parent, Localized(zh=given.zh, en=given.en), given.position))


def move_one_category(deps: Deps, given: argparse.Namespace) -> None:
    _print_tree(move_category(deps, given.id, given.to, given.position))


def remove_one_category(deps: Deps, given: argparse.Namespace) -> None:
    _print_tree(remove_category(deps, given.id))


# -- many at once -------------------------------------------------------------------------------------------------


def bulk(deps: Deps, given: argparse.Namespace) -> None:
    products = list(given.products)
    if given.category:
        within = deps.catalog.tree(fresh=True).subtree(given.category)
        products += [row.id for row in deps.catalog.shelf(fresh=True) if row.category in within]
    change = f"chg_{ulid(deps.clock.now(), deps.chance)}"
    print(f"{change}: take it back with `undo {change}`", flush=True)
    _print_report(bulk_edit(deps, change, _edit(given.edit), products, given.by))


def _edit(text: str) -> Edit:
    """`price=-10%`, `price=+2.5%`, `list`, `unlist`, `category=ID`. Raises: InvalidRequest."""
    what, _, value = text.partition("=")
    written: dict[str, Any] = {"what": what}
    if what in ("list", "unlist"):
        written = {"what": "listing", "state": f"{what.upper()}ED"}
    elif what == "category":
        written["category"] = value
    elif what == "price":
        written["by_bp"] = _basis_points(value)
    try:
        edit: Edit = TypeAdapter(Edit).validate_python(written)
    except ValidationError as error:
        raise InvalidRequest(explain(error)) from error
    return edit


def _basis_points(text: str) -> int:
    """Raises: InvalidRequest for anything but a percentage with at most two places."""
    whole, _, places = text.removesuffix("%").lstrip("+-").partition(".")
    if not text.endswith("%") or not (whole + places).isdecimal() or not whole or len(places) > 2:
        raise InvalidRequest("a price change is a percentage such as -10% or +2.5%")
    return (-1 if text.startswith("-") else 1) * int(whole + places.ljust(2, "0"))


def _print_report(report: BulkReport) -> None:
    print(f"{report.change}: {len(report.changed)} changed, {len(report.left)} left alone")
    for product, reason in sorted(report.left.items()):
        print(f"  {product}  {reason}")


def resume_change(deps: Deps, given: argparse.Namespace) -> None:
    _print_report(resume(deps, given.id))


def undo_change(deps: Deps, given: argparse.Namespace) -> None:
    _print_report(undo(deps, given.id))


# -- the command line ---------------------------------------------------------------------------------------------


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("catalog", __doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, act: Any, *names: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name)
        one.set_defaults(act=act)
        for positional in names:
            one.add_argument(positional)
        return one

    verb("list", list_products)
    verb("show", show, "id").add_argument("--version", type=int)
    verb("publish", publish_file).add_argument("file", type=Path)
    timed = verb("schedule", schedule_product, "id")
    timed.add_argument("--on"), timed.add_argument("--off")
    verb("tree", show_tree)
    node = verb("category", put_one_category, "id")
    node.add_argument("--zh", default=""), node.add_argument("--en", default=""), node.add_argument("--parent")
    node.add_argument("--position", type=int, default=0)
    moved = verb("move-category", move_one_category, "id")
    moved.add_argument("--to"), moved.add_argument("--position", type=int)
    verb("remove-category", remove_one_category, "id")
    many = verb("bulk", bulk, "edit")
    many.add_argument("products", nargs="*"), many.add_argument("--category")
    many.add_argument("--by", default=getpass.getuser())
    verb("resume", resume_change, "id")
    verb("undo", undo_change, "id")
    return parser


def main(argv: list[str] | None = None, deps: Deps | None = None) -> int:
    return perform(arguments(), argv, deps, {ValidationError: lambda error: f"invalid_request: {explain(error)}"})


if __name__ == "__main__":
    sys.exit(main())

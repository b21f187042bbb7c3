"""Who can tell whether cards work: new batches of a SKU with a prober go on sale only after a sample of them does.

    python -m infra.ops.probes show SKU                          its prober, and what its last answers were is in `infra.ops.cards`
    python -m infra.ops.probes set SKU --kind KIND --sample 5    ask KIND about so many cards of each new batch
    python -m infra.ops.probes off SKU                           new batches go on sale unasked

A batch with a bad card, or one that nobody could tell of, comes into stock frozen, with a case: `infra.ops.cards thaw` lets it be sold,
`infra.ops.batches bad` ends it. A kind that this version has no adapter for answers nothing, so every batch waits for a person.
"""

import argparse
import sys
from typing import Any

from pydantic import ValidationError

from faka.contexts.intake import ProbeRow
from faka.contexts.intake.probe import SAMPLE_MAX
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import SkuId, handle
from faka.wiring import Deps
from infra.ops.command import parser_of, perform


def show(deps: Deps, given: argparse.Namespace) -> None:
    row = deps.probes.find(SkuId(given.sku))
    print(line(row) if row is not None else f"{given.sku}: nobody is asked")


def set_(deps: Deps, given: argparse.Namespace) -> None:
    try:
        row = ProbeRow(sku=SkuId(handle(given.sku)), kind=given.kind, sample=given.sample, by=given.by)
    except (ValidationError, ValueError):
        raise InvalidRequest(f"a SKU, a kind, and a sample of 1 to {SAMPLE_MAX} cards") from None
    deps.tables.apply(deps.probes.written(row))
    print(line(row))


def off(deps: Deps, given: argparse.Namespace) -> None:
    row = deps.probes.find(SkuId(given.sku))
    if row is None:
        raise InvalidRequest("nobody is asked about this SKU")
    row = row.model_copy(update={"enabled": False, "by": given.by})
    deps.tables.apply(deps.probes.written(row))
    print(line(row))


def line(row: ProbeRow) -> str:
    return f"{row.sku}: {row.kind} is {'asked' if row.enabled else 'not asked'} about {row.sample} cards of each new batch, said {row.by}"


def arguments() -> argparse.ArgumentParser:
    parser = parser_of("probes", __doc__, "who decides")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, act in {"show": show, "set": set_, "off": off}.items():
        verb = verbs.add_parser(name)
        verb.set_defaults(act=act)
        verb.add_argument("sku")
        if name == "set":
            verb.add_argument("--kind", required=True)
            verb.add_argument("--sample", type=int, required=True)
    return parser


def main(argv: list[str] | None = None, deps: Any = None) -> int:
    return perform(arguments(), argv, deps)


if __name__ == "__main__":
    sys.exit(main())

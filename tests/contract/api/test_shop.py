"""The shop's doors against `infra/api/shop.openapi.yaml`."""

import json
from collections.abc import Iterator

import pytest

from infra.tools.template import ROOT
from tests.contract.api.asking import Gate
from tests.contract.api.runs import operations, run, weighted
from tests.contract.api.scene import CARDS, scene


pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore:No application metrics")]

PARTS = list(weighted(operations("shop")))


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with scene(CARDS) as made:
        kept = Gate(made)
        yield kept
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build" / "api-shop.json").write_text(json.dumps(kept.told(), indent=1))


@pytest.mark.parametrize(("operation", "mode", "count"), PARTS, ids=[f"{one.label} {mode.value}" for one, mode, _ in PARTS])
def test_no_request_gets_an_answer_that_the_document_does_not_tell(gate: Gate, operation, mode, count) -> None:
    assert run(gate, operation, mode, count) > 0

"""The gateways' signature against data that others made, and each adapter's road against the other's reading of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.payments.providers.epusdt_gateway import signature
from faka.kernel.secret import Secret
from infra.local.actors.epusdt import sign


pytestmark = pytest.mark.contract

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors/epusdt.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["id"])
class TestVectors:
    def test_it_names_its_source(self, vector: dict[str, Any]) -> None:
        assert vector["source"]

    def test_it_is_what_we_compute(self, vector: dict[str, Any]) -> None:
        assert signature(vector["params"], Secret(vector["token"])) == vector["signature"]

    def test_the_player_computes_it_too_from_a_float(self, vector: dict[str, Any]) -> None:
        assert sign(vector["params"] | {"amount": 42.0}, vector["token"]) == vector["signature"]

    def test_empty_values_and_an_older_signature_change_nothing(self, vector: dict[str, Any]) -> None:
        assert signature(vector["params"] | {"more": "", "signature": "x"}, Secret(vector["token"])) == vector["signature"]

    def test_no_field_and_no_letter_of_the_token_can_be_another(self, vector: dict[str, Any]) -> None:
        for name, value in vector["params"].items():
            assert signature(vector["params"] | {name: value + "0"}, Secret(vector["token"])) != vector["signature"]
        assert signature(vector["params"], Secret(vector["token"][:-1])) != vector["signature"]
        assert signature(vector["params"] | {"amount": "42.00"}, Secret(vector["token"])) != vector["signature"]

"""Roles may use the card key only with `shop: faka` in the context (template.yaml); so no call may leave without it."""

from collections.abc import Iterator
from typing import Any

import pytest

from faka.platform.envelope import Envelope
from infra.tools.template import Template
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit


class Listening:
    """The key service, and what it was asked."""

    def __init__(self, kms: Any) -> None:
        self._kms = kms
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, verb: str) -> Any:
        def call(**given: Any) -> Any:
            self.asked.append((verb, given))
            return getattr(self._kms, verb)(**given)

        return call


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def test_sealing_and_opening_name_the_shop_the_sku_and_the_batch(world: World) -> None:
    kms = Listening(world.kms)
    world.deps.__dict__["envelope"] = Envelope(kms, world.card_key, world.clock)
    batch = world.stock_up(9)
    order = world.buy(quantity=9)
    world.pay(order)
    world.deps.__dict__["envelope"] = Envelope(kms, world.card_key, world.clock)  # another process, which holds no data key yet
    assert len(world.secrets(order)) == 9

    assert [verb for verb, _ in kms.asked] == ["generate_data_key", "decrypt"], "one call a job, whatever its size"
    for _, given in kms.asked:
        assert given["EncryptionContext"] == {"shop": "faka", "sku": world.sku.id, "batch": batch.id}


def test_the_roles_ask_for_exactly_that_shop() -> None:
    template = Template()
    wanted = {"StringEquals": {"kms:EncryptionContext:shop": "faka"}}
    held = [
        each.condition for function in ("IntakeFunction", "RevealFunction") for each in template.role(function) if "CardKey" in each.targets
    ]
    assert held == [wanted, wanted]

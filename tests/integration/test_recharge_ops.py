"""Top-ups from a terminal: what is open, how it stands, and a person's word about its end."""

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.suppliers.base import SupplyState
from infra.ops import recharges
from tests.unit.recharges.given import PHONE, ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration


def typed(shop: TopUps, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = recharges.main(["--by", "mei", *words], shop.world.deps)
    read = capsys.readouterr()
    return code, read.out + read.err


def test_a_person_who_saw_it_at_the_supplier_ends_it_either_way(capsys: pytest.CaptureFixture[str]) -> None:
    for word, end in (("succeeded", OrderState.COMPLETED), ("failed", OrderState.FAILED)):
        with top_ups(ScriptedSupplier("first", "lost, charged", "silent")) as shop:
            recharge = shop.begun()
            shop.play(recharge, questions=8)
            assert recharge.id in typed(shop, capsys, "list")[1]
            code, read = typed(shop, capsys, "tell", recharge.order_id, word, "--reason", "seen on his page")
            assert code == 0
            assert word.upper() in read
            shop.play(recharge)
            assert shop.order(recharge).state is end
            assert "no recharge is open" in typed(shop, capsys, "list")[1]
            assert "mei: seen on his page" in typed(shop, capsys, "show", recharge.id)[1]


def test_what_is_shown_masks_the_account(capsys: pytest.CaptureFixture[str]) -> None:
    with top_ups(ScriptedSupplier("first", SupplyState.PROCESSING, SupplyState.SUCCEEDED)) as shop:
        recharge = shop.begun()
        shop.step(recharge, "submit")
        shown = typed(shop, capsys, "show", recharge.id)[1]
        assert PHONE["mobile"] not in shown
        assert "mobile" in shown
        assert "SUCCEEDED" in typed(shop, capsys, "ask", recharge.id)[1]
        assert typed(shop, capsys, "show", "rch_nothing")[0] == 1

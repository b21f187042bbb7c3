"""A supplier who signs well about another supplier's attempt (row F04)."""

import pytest

from tests.integration.test_supply_notices import KINDS, Told
from tests.integration.test_two_suppliers import two_suppliers


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:No application metrics")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_well_signed_by_one_supplier_about_an_attempt_at_another_changes_nothing(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_suppliers(kind, next(other for other in KINDS if other != kind)) as (shop, suppliers):
        told = Told(shop, suppliers)
        told.supplier.warehouse.finish(told.number)
        truth = shop.world.deps.supplier(told.supplier.facts["id"]).parse_notice(told.supplier.notice(told.number))
        other = shop.world.deps.supplier(told.other.facts["id"])
        monkeypatch.setattr(type(other), "parse_notice", lambda _self, _raw: truth)
        raw = told.supplier.notice(told.number)
        before = told.book
        assert told.posts(raw, kind=told.other.facts["kind"], supplier=told.other.facts["id"]) == 404
        assert told.book == before

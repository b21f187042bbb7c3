"""A top-up on the local cloud: bought in the shop, ordered by the machine as it is deployed, at players of suppliers; charged once."""

from collections.abc import Iterator

import pytest

from infra.local.demo_recharge import WAYS, ToppedUp, judged, recharge
from tests.e2e.shopper import Shopper
from tests.kit.local import LocalCloud, running


pytestmark = pytest.mark.e2e


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """With every role enforced."""
    with running(tmp_path_factory.mktemp("shop"), "--enforce") as cloud:
        yield cloud


@pytest.mark.parametrize("way", WAYS)
def test_whatever_the_suppliers_do_it_is_charged_once_or_paid_back(cloud: LocalCloud, way: str) -> None:
    visitor = Shopper(cloud.shop, contact=f"{way}@faka.example")
    done = recharge(cloud.shop, cloud.players, cloud.endpoint, way, quiet, visitor)
    assert judged(done, way) == "", done


def test_a_second_charge_would_be_seen() -> None:
    done = ToppedUp("ord", "completed", "SUCCEEDED", (), {"a": 1, "b": 1}, 5_700, 1.0)
    assert "charged 2 times" in judged(done, "lost")
    assert "owed" in judged(ToppedUp("ord", "completed", "SUCCEEDED", (), {"a": 1}, 0, 1.0), "lost")

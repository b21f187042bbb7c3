"""What can be shown of a top-up in a dispute (row F08): asked, answered, times and hashes, and nothing that is a secret or personal."""

import hashlib
import json
from typing import Any

import pytest

from faka.contexts.recharges.evidence import canonical, digest
from infra.ops import recharges as ops
from tests.integration.test_supply_notices import KINDS, Told
from tests.integration.test_two_suppliers import two_suppliers


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:No application metrics")]


def packed(told: Told, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], str]:
    capsys.readouterr()
    assert ops.main(["pack", told.recharge.order_id], told.shop.world.deps) == 0
    text = capsys.readouterr().out
    return json.loads(text), text


@pytest.mark.parametrize("kind", KINDS)
def test_a_pack_holds_request_answer_times_and_hashes_and_no_secret(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with two_suppliers(kind, next(other for other in KINDS if other != kind)) as (shop, suppliers):
        told = Told(shop, suppliers)
        told.supplier.warehouse.finish(told.number)
        shop.play(told.recharge)
        pack, text = packed(told, capsys)
        [attempt] = pack["attempts"]
        assert attempt["request"]["number"] == told.number
        assert attempt["request"]["sent_at"] < attempt["answer"]["ended_at"]
        assert (attempt["answer"]["state"], len(attempt["answer"]["sha256"])) == ("SUCCEEDED", 64)
        assert pack["order"]["ledger"] == f"rch:{told.recharge.id}:cost"
        assert [one["state"] for one in pack["history"]][-1] == "SUCCEEDED"
        secrets = [secret.reveal() for one in suppliers for secret in one.secret.values()]
        assert [one for one in (*told.recharge.account.values(), *secrets) if one in text] == []
        assert pack["sha256"] == digest({name: value for name, value in pack.items() if name != "sha256"})


def test_the_hash_of_an_answer_is_of_the_bytes_that_came(capsys: pytest.CaptureFixture[str]) -> None:
    """A supplier's own record of what he sent can be held against it."""
    with two_suppliers("signed_json", "md5_form") as (shop, suppliers):
        told = Told(shop, suppliers)
        told.supplier.warehouse.finish(told.number)
        notice = told.supplier.notice(told.number)
        assert told.posts(notice) == 200
        pack, _ = packed(told, capsys)
        assert pack["attempts"][0]["answer"]["sha256"] == notice.sha256()


def test_twin_a_changed_pack_no_longer_fits_its_hash(capsys: pytest.CaptureFixture[str]) -> None:
    with two_suppliers("signed_json", "md5_form") as (shop, suppliers):
        pack, _ = packed(Told(shop, suppliers), capsys)
        said = pack.pop("sha256")
        pack["attempts"][0]["answer"]["state"] = "SUCCEEDED"
        assert hashlib.sha256(canonical(pack)).hexdigest() != said

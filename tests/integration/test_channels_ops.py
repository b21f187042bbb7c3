"""Connecting a payment account from a terminal: the row, the secret, the switch, and what is said when one is missing."""

import io
import json
import sys
from pathlib import Path

import boto3
import pytest
import yaml

from faka.flows.browse import product_page
from faka.flows.edit_catalog import publish
from faka.platform import aws
from faka.platform.table import Tables
from faka.wiring import Deps
from infra.local.actors.keys import new_keys
from infra.ops import channels
from tests.integration.given_catalog import shop
from tests.kit.clock import START
from tests.unit.catalog.given import product


pytestmark = pytest.mark.integration
KEYS = new_keys()
(ALIPAY,) = (one for one in KEYS.channels("https://openapi.pay.example") if one["id"] == "alipay")
FILE = {name: value for name, value in ALIPAY.items() if name != "secret"} | {"title": {"zh": "支付宝", "en": "Alipay"}}


class Desk:
    def __init__(self, deps: Deps, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.deps, self._folder, self._capsys, self._patch = deps, folder, capsys, monkeypatch

    def types(self, *words: str, given: str = "") -> tuple[int, str]:
        self._patch.setattr(sys, "stdin", io.StringIO(given))
        code = channels.main(list(words), self.deps)
        read = self._capsys.readouterr()
        return code, read.out + read.err

    def file(self, written: object) -> str:
        place = self._folder / "channel.yaml"
        place.write_text(yaml.safe_dump(written, allow_unicode=True))
        return str(place)


@pytest.fixture
def desk(tables: Tables, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    store = boto3.client("secretsmanager", region_name="us-east-1")
    monkeypatch.setattr(aws, "client", lambda _service: store)
    return Desk(shop(tables), tmp_path, capsys, monkeypatch)


def test_a_channel_is_connected_in_three_steps_and_offered_only_after_the_last(desk: Desk) -> None:
    publish(desk.deps, product(state="LISTED"))
    assert "secrets_unavailable" in desk.types("save", desk.file(FILE))[1] or "channel_closed" in desk.types("list")[1]
    code, read = desk.types("secret", "alipay", given=json.dumps(ALIPAY["secret"]))
    assert (code, read.split()[-1]) == (0, "usable")
    assert KEYS.merchant_private not in read
    assert product_page(desk.deps, "video-vip", START).channels == ()
    assert desk.types("enable", "alipay")[1].split()[2] == "enabled"
    assert [one.id for one in product_page(desk.deps, "video-vip", START).channels] == ["alipay"]
    assert desk.types("disable", "alipay")[0] == 0
    assert product_page(desk.deps, "video-vip", START).channels == ()


@pytest.mark.parametrize("secret", ["", "[]", "{}", "{", '{"private_key": 1}', '"text"', json.dumps({"private_key": "x" * 20_000})])
def test_what_is_no_secret_is_not_put_away(desk: Desk, secret: str) -> None:
    desk.types("save", desk.file(FILE))
    assert desk.types("secret", "alipay", given=secret)[0] == 1


@pytest.mark.parametrize("secret", [{"private_key": "changeme"}, {"key": "0123456789"}, {"private_key": ""}])
def test_an_invented_secret_leaves_the_channel_closed_and_is_not_repeated(desk: Desk, secret: dict[str, str]) -> None:
    desk.types("save", desk.file(FILE))
    _, read = desk.types("secret", "alipay", given=json.dumps(secret))
    assert "usable" not in read
    assert not any(value and value in read for value in secret.values())


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "paypal"},
        {"methods": []},
        {"gateway": "javascript:alert(1)"},
        {"fee_bp": -1},
        {"fee_bp": 0.5},
        {"secret": {"key": "SENTINEL"}},
    ],
)
def test_a_channel_outside_its_bounds_is_refused_by_the_name_of_the_field(desk: Desk, change: dict[str, object]) -> None:
    code, read = desk.types("save", desk.file(FILE | change))
    assert code == 1
    assert next(iter(change)) in read
    assert "SENTINEL" not in read


@pytest.mark.parametrize("name", ["free", "wallet"])
def test_no_channel_takes_a_name_that_the_shop_uses_itself(desk: Desk, name: str) -> None:
    code, read = desk.types("save", desk.file(FILE | {"id": name}))
    assert (code, "choose another id" in read) == (1, True)


@pytest.mark.parametrize("written", [7, [], {}, "text", None])
def test_a_file_that_is_no_channel_is_refused(desk: Desk, written: object) -> None:
    assert desk.types("save", desk.file(written))[0] == 1
    assert desk.types("enable", "nowhere")[0] == 1

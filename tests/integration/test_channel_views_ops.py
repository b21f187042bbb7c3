"""What an operator sees of his channels and how he turns their keys and rates, from a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

from faka.contexts.payments.health import FAILURES_OPEN, PAUSE_MIN
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency, Money
from faka.steps import health
from infra.local.actors.desks import DESKS
from tests.integration.test_channels_ops import ALIPAY, FILE, KEYS, Desk, desk


__all__ = ["desk"]

pytestmark = pytest.mark.integration

ID = ChannelId("alipay")
OTHER = {"private_key": KEYS.of("wechatpay")["merchant_private"]}


def connected(desk: Desk, **changes: Any) -> Desk:
    assert desk.types("save", desk.file(FILE | changes))[0] in (0, 1)
    assert desk.types("secret", "alipay", given=json.dumps(ALIPAY["secret"]))[0] == 0
    return desk


@pytest.mark.parametrize("kind", sorted(DESKS))
def test_an_account_of_each_kind_is_connected_by_its_file_and_its_secret(desk: Desk, kind: str) -> None:
    [channel] = KEYS.channels("https://pay.example", [kind])
    name = kind.replace("_", "-")
    written = {key: value for key, value in channel.items() if key != "secret"} | {"id": name}
    desk.types("save", desk.file(written))
    code, read = desk.types("secret", name, given=json.dumps(channel["secret"]))
    assert code == 0
    assert f"{name:<16} {kind:<9} disabled" in read
    assert "usable" in read.splitlines()[0]
    assert ("weak" in read) == (kind in ("epay", "epusdt"))
    assert not any(value in read for value in channel["secret"].values())


def test_limits_say_bounds_fees_and_who_bears_them(desk: Desk) -> None:
    rule = {"fee_bp": 120, "fee_fixed_minor": 30, "cost_bp": 60, "amount_min_minor": 100, "max_unsettled_minor": 5_000_000, "group": "ali"}
    connected(desk, **rule)
    code, read = desk.types("limits")
    line = read.splitlines()[-1]
    assert code == 0
    assert line.split()[:5] == ["alipay", "group:ali", "100", "1.00", "50000.00"]
    assert line.endswith("  1.2 % + 0.30 buyer; 0.6 %")


def test_health_says_who_rests_until_when_and_what_came_in(desk: Desk) -> None:
    connected(desk, max_unsettled_minor=5_000_000)
    assert "well" in desk.types("health")[1]
    for _ in range(FAILURES_OPEN):
        health.noted(desk.deps, ID, ok=False)
    health.taken(desk.deps, ID, "t1", Money(minor=1580, currency=Currency.CNY))
    read = desk.types("health")[1]
    assert "resting until 12:00:30 Shanghai (5 failures, 0 recoveries)" in read
    desk.deps.clock.advance(PAUSE_MIN.total_seconds())  # type: ignore[attr-defined]
    read = desk.types("health")[1]
    assert "one order may try" in read
    assert "15.80 of 50000.00 today" in read


def live(desk: Desk) -> list[str]:
    desk.deps.clock.advance(minutes=6)  # type: ignore[attr-defined]
    return [version["private_key"].reveal() for version in desk.deps.secrets.live("faka/channels/alipay")]


def test_a_rotated_secret_leaves_the_one_before_it_for_a_day(desk: Desk) -> None:
    connected(desk)
    assert desk.types("rotate", "alipay", given=json.dumps(OTHER))[0] == 0
    assert live(desk) == [OTHER["private_key"], KEYS.merchant_private]


def test_a_leaked_secret_counts_no_more_at_once(desk: Desk) -> None:
    connected(desk)
    code, read = desk.types("rotate", "alipay", "--leaked", given=json.dumps(OTHER))
    assert code == 0
    assert OTHER["private_key"] not in read
    assert set(live(desk)) == {OTHER["private_key"]}


def test_twin_a_leaked_secret_that_is_only_rotated_still_proves_what_comes(desk: Desk) -> None:
    connected(desk)
    desk.types("rotate", "alipay", given=json.dumps(OTHER))
    assert KEYS.merchant_private in live(desk)


def test_a_rate_is_stored_digit_by_digit_and_grows_too_old(desk: Desk) -> None:
    code, read = desk.types("rate", "CNY", "USD", "0.1382", "--hours", "2", "--by", "li")
    assert code == 0
    assert "1 CNY = 0.1382 USD" in read
    assert "live" in read
    assert desk.deps.catalog.rates(fresh=True)[0].rate_e8 == 13_820_000
    desk.deps.clock.advance(hours=3)  # type: ignore[attr-defined]
    assert "too old" in desk.types("rates")[1]


@pytest.mark.parametrize("words", [("CNY", "CNY", "1"), ("CNY", "EUR", "1"), ("CNY", "USD", "0"), ("CNY", "USD", "-1")])
def test_what_is_no_pair_or_no_rate_is_refused(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.types("rate", *(word for word in words if word != "-1"), *(["--", "-1"] if "-1" in words else []))[0] == 1
    assert desk.deps.catalog.rates(fresh=True) == []


@pytest.mark.parametrize("rate", ["abc", "NaN", "Infinity", "1e30", "0.123456789", "", "1,5"])
def test_a_number_that_is_none_is_refused(desk: Desk, rate: str) -> None:
    code, read = desk.types("rate", "CNY", "USD", rate)
    assert (code, "rate" in read) == (1, True)


def test_help_names_every_field_that_a_channel_has() -> None:
    from faka.contexts.catalog.model import ChannelRow
    from infra.ops import channels

    words = set((channels.__doc__ or "").replace(",", " ").replace(".", " ").split())
    unsaid = set(ChannelRow.model_fields) - words - {"enabled", "secret_name"}
    assert unsaid == set()
    assert Path(channels.__file__).name == "channels.py"

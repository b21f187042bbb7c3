"""The operators' command for gift codes: a file for its owner alone, written before anything is worth anything."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.ops.wallets import main
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World
from tests.unit.wallets.given import accounts, balance, faults, purse, quick_world, redeemed


pytestmark = pytest.mark.integration

ISSUE = ("--count", "100", "--amount", "50.00", "--expires", "2027-12-31", "--reason", "spring")


@pytest.fixture
def world() -> Iterator[World]:
    with quick_world() as made:
        yield made


def codes(file: Path) -> list[str]:
    return file.read_text().splitlines()[1:]


def test_codes_are_in_the_file_alone_and_each_opens_a_wallet(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "codes"
    assert main(["issue", str(file), *ISSUE, "--sold", "alipay"], world.deps) == 0

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = codes(file)
    assert len(set(made)) == 100
    assert not any(code in capsys.readouterr().out for code in made)
    assert accounts(world) == {"psp:alipay:clearing/CNY": -500_000, "stored:outstanding/CNY": 500_000}
    assert balance(world, redeemed(world, made[99])) == 5_000


def test_an_issue_that_died_is_resumed_from_its_file_and_a_file_is_never_written_over(world: World, tmp_path: Path) -> None:
    file = tmp_path / "codes"
    with pytest.raises(Killed):
        main(["issue", str(file), *ISSUE], world.over(DyingClient(world.client, 2, after=False)))
    before = file.read_text()

    assert main(["issue", str(file), *ISSUE], world.deps) == 1
    assert main(["resume", str(file)], world.deps) == 0
    assert main(["resume", str(file)], world.deps) == 0

    assert file.read_text() == before
    assert accounts(world)["stored:outstanding/CNY"] == 500_000
    assert faults(world) == []


def test_a_batch_is_told_voided_and_told_again(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "codes"
    main(["issue", str(file), *ISSUE], world.deps)
    batch = capsys.readouterr().out.split()[1].rstrip(":")
    redeemed(world, codes(file)[0])

    assert main(["void", batch, "--reason", "leaked"], world.deps) == 0
    assert main(["batch", batch], world.deps) == 0

    assert "99 taken back, 1 are in wallets" in (said := capsys.readouterr().out)
    assert "100 codes of 50.00 CNY: 1 redeemed, 99 void" in said
    assert faults(world) == []


def test_a_wallet_is_shown_without_its_code(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    held = purse(world, 1_234)
    assert main(["show", held.number], world.deps) == 0
    said = capsys.readouterr().out
    assert "12.34 CNY" in said
    assert held.code not in said


@pytest.mark.parametrize(
    "wrong",
    [
        ["show", "wal_x"],
        ["batch", "gft_x"],
        ["void", "gft_x", "--reason", "x"],
        ["issue", "new", "--count", "0", *ISSUE[2:]],
        ["issue", "new", *ISSUE[:4], "--expires", "someday", "--reason", "x"],
        ["issue", "new", *ISSUE, "--sold", "nowhere"],
        ["resume", "not-there"],
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_no_file(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(wrong, world.deps) == 1
    assert list(tmp_path.iterdir()) == []
    assert accounts(world) == {}


def test_a_file_that_is_no_issue_is_refused_without_quoting_it(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "other"
    file.write_text("SECRETSECRET\n")
    assert main(["resume", str(file)], world.deps) == 1
    assert "SECRET" not in capsys.readouterr().err

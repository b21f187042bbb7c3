"""The matrix of twelve checks for Alipay and both versions of epay: no cell is empty, and each row refuses what it must."""

import pytest

from tests.contract import checks_alipay, checks_epay, checks_epay_rsa
from tests.contract.check_rows import CHECKS, SURFACES, Row, missing


pytestmark = pytest.mark.contract

ALL = {"alipay": checks_alipay.ROWS, "epay": checks_epay.ROWS, "epay_rsa": checks_epay_rsa.ROWS}


@pytest.mark.parametrize("kind", ALL)
def test_no_cell_is_empty(kind: str) -> None:
    assert not missing(ALL[kind])
    assert len({row[:2] for row in ALL[kind]}) == len(CHECKS) * len(SURFACES)


@pytest.mark.parametrize("row", [
    pytest.param(row, id=f"{kind}-{row.check:02d}-{row.surface}-{row.name}") for kind, rows in ALL.items() for row in rows
])  # fmt: skip
def test_a_row_holds(row: Row) -> None:
    row.run()


@pytest.mark.parametrize("kind", ALL)
def test_twin_a_cell_that_nobody_filled_is_found(kind: str) -> None:
    assert missing([row for row in ALL[kind] if row[:2] != (7, "bill")]) == [(7, "bill")]

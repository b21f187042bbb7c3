"""A supplier is admitted by approved papers of every kind, until the first of them ends."""

from datetime import UTC, datetime, timedelta

import pytest

from faka.contexts.papers import (
    REQUIRED,
    WARNED_BEFORE,
    OwnPaper,
    Paper,
    PaperKind,
    PaperOver,
    PaperState,
    admitted_until,
    decided,
    filed,
)
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import SupplierId


AT = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = SupplierId("first")
DIGEST = "ab" * 32


def paper(kind: PaperKind, days: int, state: PaperState = PaperState.APPROVED, sha256: str = DIGEST) -> Paper:
    one = filed(FIRST, kind, "91310000MA1FL0XY2K", sha256, AT + timedelta(days=days), "mei", AT)
    return one.model_copy(update={"state": state})


def test_the_first_paper_that_ends_ends_the_admission() -> None:
    assert admitted_until(paper(kind, 100 + rank) for rank, kind in enumerate(PaperKind)) == AT + timedelta(days=100)


def test_one_missing_kind_or_one_that_nobody_approved_admits_nobody() -> None:
    assert admitted_until([]) is None
    for missing in REQUIRED:
        others = [paper(kind, 100) for kind in REQUIRED if kind is not missing]
        assert admitted_until(others) is None
        for state in (PaperState.FILED, PaperState.REJECTED, PaperState.WITHDRAWN):
            assert admitted_until([*others, paper(missing, 100, state)]) is None
        assert admitted_until([*others, paper(missing, 100)]) is not None


def test_a_renewed_paper_counts_beside_the_old_one() -> None:
    old = [paper(kind, 10) for kind in REQUIRED]
    renewed = [paper(kind, 375, sha256="cd" * 32) for kind in REQUIRED]
    assert admitted_until([*renewed, *old]) == admitted_until([*old, *renewed]) == AT + timedelta(days=375)


def test_nobody_approves_what_he_filed_and_nothing_is_decided_twice() -> None:
    mine = paper(PaperKind.LICENCE, 100, PaperState.FILED)
    with pytest.raises(OwnPaper):
        decided(mine, PaperState.APPROVED, "mei", AT)
    approved = decided(mine, PaperState.APPROVED, "li", AT)
    for again in (PaperState.APPROVED, PaperState.REJECTED):
        with pytest.raises(PaperOver):
            decided(approved, again, "li", AT)
    assert decided(approved, PaperState.WITHDRAWN, "mei", AT).state is PaperState.WITHDRAWN
    assert decided(mine, PaperState.REJECTED, "mei", AT).state is PaperState.REJECTED


def test_a_paper_keeps_no_whole_number_and_must_be_good_when_filed() -> None:
    assert "MA1FL0" not in paper(PaperKind.LICENCE, 1).model_dump_json()
    assert paper(PaperKind.LICENCE, 90).warned_at == AT + timedelta(days=90) - WARNED_BEFORE
    for days, sha256 in ((0, DIGEST), (-1, DIGEST), (1, DIGEST[:-1]), (1, DIGEST.upper())):
        with pytest.raises(InvalidRequest):
            paper(PaperKind.LICENCE, days, sha256=sha256)

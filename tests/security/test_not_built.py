"""Threats against what does not exist yet: the day somebody builds it, its line here turns red and asks for its own tests."""

import ast
import re

import pytest

from tests.architecture.sources import Source, shipped
from tests.security.absent import code_of, routes_of


pytestmark = pytest.mark.security

NOT_BUILT = {
    "T08": r"coupon|store_credit",
    "T09": r"partner|api_secret|signed_request|hmac_auth",
    "T10": r"admin|login|passkey|totp|step_?up",
    "T15": r"commission|downline|resell|referral|affiliate",
    "T26": r"rule_?engine|rule_?set|expression_language|\bcel\b",
}
"""Names, in code or in an address, that would say that it exists."""

BUILT = {
    "T08": "coupon_used",
    "T09": "partner_of",
    "T10": "admin_session",
    "T15": "commission_due",
    "T26": "rule_engine",
}


TOLD = {"T15": re.compile(r"layers/faka/faka/(contexts/ledger/|flows/books/)")}
"""Places that have a threat's words and nothing of its power: accounts of the ledger that nobody posts to, and their sum in a statement."""


def others(threat: str) -> list[Source]:
    told = TOLD.get(threat)
    return [source for source in shipped() if told is None or not told.match(str(source.path))]


def posting(sources: list[Source]) -> list[str]:
    """Who takes the ledger's way to give a commission."""
    words = r"contexts\.ledger\.commissions|contexts\.ledger import .*commissions|commission_(earned|pending|payable|paid)\("
    return [str(source.path) for source in sources if re.search(words, ast.unparse(source.tree))]


def test_what_is_only_told_is_posted_by_nobody() -> None:
    assert posting(others("T15")) == []


def test_twin_who_posts_a_commission_is_found() -> None:
    assert posting([Source("a.py", "from faka.contexts.ledger.commissions import commissions_earned")]) == ["a.py"]
    assert posting([Source("a.py", "from faka.contexts.ledger import commissions")]) == ["a.py"]


@pytest.mark.parametrize("threat", NOT_BUILT)
def test_what_a_threat_needs_is_not_there(threat: str) -> None:
    assert code_of(NOT_BUILT[threat], others(threat)) == []
    assert routes_of(NOT_BUILT[threat]) == []


@pytest.mark.parametrize("threat", NOT_BUILT)
def test_twin_the_day_it_is_built_it_is_found(threat: str) -> None:
    name = BUILT[threat]
    assert code_of(NOT_BUILT[threat], [Source("a.py", f"def {name}(deps):\n    pass")]) == [f"a.py: {name}"]
    assert routes_of(NOT_BUILT[threat], {("POST", f"/{name}")}) == [f"POST /{name}"]

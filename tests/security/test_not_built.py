"""Threats against what does not exist yet: the day somebody builds it, its line here turns red and asks for its own tests."""

import pytest

from tests.architecture.sources import Source
from tests.security.absent import code_of, routes_of


pytestmark = pytest.mark.security

NOT_BUILT = {
    "T07": r"gift_?card|redemption|voucher_?code|redeem_(card|batch)",
    "T08": r"coupon|wallet|store_credit",
    "T09": r"partner|api_secret|signed_request|hmac_auth",
    "T10": r"admin|login|passkey|totp|step_?up",
    "T15": r"commission|downline|resell|referral|affiliate",
    "T26": r"rule_?engine|rule_?set|expression_language|\bcel\b",
}
"""Names, in code or in an address, that would say that it exists."""

BUILT = {
    "T07": "gift_card_issued",
    "T08": "wallet_of",
    "T09": "partner_of",
    "T10": "admin_session",
    "T15": "commission_due",
    "T26": "rule_engine",
}


@pytest.mark.parametrize("threat", NOT_BUILT)
def test_what_a_threat_needs_is_not_there(threat: str) -> None:
    assert code_of(NOT_BUILT[threat]) == []
    assert routes_of(NOT_BUILT[threat]) == []


@pytest.mark.parametrize("threat", NOT_BUILT)
def test_twin_the_day_it_is_built_it_is_found(threat: str) -> None:
    name = BUILT[threat]
    assert code_of(NOT_BUILT[threat], [Source("a.py", f"def {name}(deps):\n    pass")]) == [f"a.py: {name}"]
    assert routes_of(NOT_BUILT[threat], {("POST", f"/{name}")}) == [f"POST /{name}"]

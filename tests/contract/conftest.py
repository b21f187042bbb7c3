"""The three ways in which notices travel; each is built once."""

import hmac

import pytest

from faka.contexts.payments.providers import rsa
from tests.contract.notices import WAYS, Way


@pytest.fixture(scope="session")
def ways() -> dict[str, Way]:
    return {name: Way(name) for name in WAYS}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, ways: dict[str, Way]) -> Way:
    return ways[request.param]


@pytest.fixture
def believing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard off: every signature is taken for good."""
    monkeypatch.setattr(rsa, "is_signed", lambda *_: True)
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: True)

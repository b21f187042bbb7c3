"""No key of anybody stands in the repository; those of tests are listed with their reason, and each is still there."""

import base64
import random
import string
from collections.abc import Callable
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.architecture.sources import texts
from tests.security.scanner import PATTERNS, Found, scan
from tests.security.tally import counted


pytestmark = pytest.mark.security

ALLOWED = {
    "930be5e3b035830a": "made up for sample events of epay; no gateway knows it",
    "100bf0650125f65b": "the first bytes that every RSA key has, and no key behind them",
    "e55af6ad9dd2d51c": "a placeholder that channels must refuse",
    "10ffa861a8fb8052": "a placeholder that channels must refuse",
    "2ef01f88127ef9db": "made up, to open an account in a test",
    "ea512b0eafb0b84e": "made up, to be looked for in logs",
    "52924518aec601b1": "an address on a public chain, as a gateway of coins answers it: everybody may know where money goes",
    "1859bc16777ac503": "the name of a bill's file in a bucket",
    "21c53cc2da50ff3f": "the first bytes that every public RSA key has, and no key behind them",
    "e84644f0ef104e6c": "made up, as the newer of two secrets of a test",
    "e08d35985f9424b0": "made up for a vector: it says itself that it is one",
    "43c86a3aa57a7d88": "WeChat Pay prints this key in its documents, beside the signature that it makes",
    "4c4d06a85c7aa649": "made up, to sign as a supplier that a test plays",
    "50d2569ea96aefab": "made up, to ask a supplier that a test plays",
    "823a476e1fd1c761": "made up, to ask a supplier that a test plays",
    "c46e748e6f5b1938": "the key of a public test of WeChat Pay's own library, beside the signature that it makes",
}
"""Marks of values (`Found.mark`) with the reason why each may stand here."""


@cache
def everything() -> tuple[int, int, tuple[Found, ...]]:
    """Files, characters, and what was found in them."""
    files = list(texts())
    return len(files), sum(len(text) for _, text in files), tuple(one for place, text in files for one in scan(place, text))


def test_no_key_stands_in_any_text_of_the_repository() -> None:
    files, characters, found = everything()
    assert files > 300
    assert [str(one) for one in found if one.mark not in ALLOWED] == []
    counted("secrets in the repository", files=files, characters=characters, patterns=len(PATTERNS) + 1, allowed=len(ALLOWED), found=0)


def test_what_is_allowed_is_still_there() -> None:
    assert set(ALLOWED) - {one.mark for one in everything()[2]} == set()


# -- twins: planted ones -------------------------------------------------------------------------------------------------

CHANCE = random.Random(7)


def symbols(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(CHANCE.choice(alphabet) for _ in range(length))


UPPER = string.ascii_uppercase + string.digits


def frames(encoding: Encoding) -> list[str]:
    """Fresh private keys of the usual kinds, in PEM or bare base64."""
    keys = (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate())
    made = [key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption()) for key in keys]
    made += [key.private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption()) for key in keys[:2]]  # type: ignore[union-attr]
    return [text.decode() if encoding is Encoding.PEM else base64.b64encode(text).decode() for text in made]


PLANTED: dict[str, Callable[[], list[str]]] = {
    "private key": lambda: frames(Encoding.PEM),
    "private key without its frame": lambda: frames(Encoding.DER),
    "AWS key": lambda: [f"AKIA{symbols(16, UPPER)}", f"ASIA{symbols(16, UPPER)}"],
    "Alibaba key": lambda: [f"LTAI{symbols(20)}"],
    "Tencent key": lambda: [f"AKID{symbols(32)}"],
    "Google key": lambda: [f"AIza{symbols(35)}"],
    "GitHub token": lambda: [f"ghp_{symbols(36)}", f"github_pat_{symbols(60)}"],
    "GitLab token": lambda: [f"glpat-{symbols(20)}"],
    "Slack token": lambda: [f"xoxb-{symbols(24)}"],
    "Stripe key": lambda: [f"sk_live_{symbols(24)}", f"rk_test_{symbols(24)}"],
    "package token": lambda: [f"npm_{symbols(36)}", f"pypi-{symbols(60)}"],
    "signed token": lambda: [f"eyJ{symbols(20)}.eyJ{symbols(30)}.{symbols(43)}"],
    "password in an address": lambda: [f"postgres://shop:{symbols(12)}@db.example/x", f"amqps://a:{symbols(8)}@q.example"],
    "random value of a telling name": lambda: [
        line.replace("?", value)
        for value in (symbols(32), symbols(32, "0123456789abcdef"), base64.b64encode(CHANCE.randbytes(24)).decode())
        for line in ('EPAY_KEY = "?"', "secret: ?", 'password="?"', '{"private_key": "?"}', "export API_TOKEN=?", "key = Secret('?')")
    ],
}


def test_each_pattern_has_a_planted_one() -> None:
    assert set(PLANTED) == {*PATTERNS, "random value of a telling name"}


@pytest.mark.parametrize("kind", PLANTED)
def test_twin_a_planted_key_is_found(kind: str) -> None:
    for text in PLANTED[kind]():
        found = [one for one in scan("a.py", f"# before\n\n{text}\n") if one.kind == kind]
        assert found, f"{kind} was not found"
        assert found[0].place == "a.py:3"
        assert found[0].mark not in ALLOWED
        assert found[0].text[5:] not in str(found[0]), "what was found is not repeated in the report"


@pytest.mark.parametrize(
    "text",
    [
        "secret_name: faka/channels/alipay",
        "key = deps.index_key.digest(what, value)",
        "token = lookup_code(chance) + lookup_code(chance)",
        'password: "{{resolve:secretsmanager:faka}}"',
        "sort_key: PAYMENT_ATTEMPTS_MAX_OF_AN_ORDER",
        "https://shop.test:443/a@b",
        "sha256:4f2a9c",
    ],
)
def test_a_name_is_no_key(text: str) -> None:
    assert list(scan("a.py", text)) == []

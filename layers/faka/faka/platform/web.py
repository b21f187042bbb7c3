"""A request and an answer as our doors see them: no framework, no gateway, no surprise.

Everything from outside is bounded, decoded strictly and read by name; a name that occurs twice is refused, because two
readers of the same request must never see two different values.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from faka.kernel.errors import Denied, InvalidRequest, Rejected, TooLarge


FORM_BYTES_MAX = 16 * 1024
"""Our largest form (a purchase) has under 1 KB; 16 KB leaves room for a long address in percent encoding."""

FORM_FIELDS_MAX = 40
"""Our largest form has 12 fields."""

COOKIE_AGE_MAX_S = 400 * 86_400
"""Browsers cap a cookie's life at 400 days."""

FORM_TYPE = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"

SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), clipboard-write=(self)",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "Cache-Control": "private, no-store",
    }
)
"""On every answer of every door. A page states its own content policy; nothing is cached unless it says so."""


class WrongBodyType(Rejected):
    """The body is not in the form that this address reads."""

    http_status = 415
    public_message = "This address reads form fields only."


class UnreadableForm(InvalidRequest):
    """Not UTF-8, a field twice, or control characters in it: two readers of it might see two different forms."""

    public_message = "This form could not be read. Please open the page again and type your entries anew."


class ForeignOrigin(Denied):
    """A form of another site was sent to us with this browser's cookies."""

    public_message = "This form did not come from our page. Please open the page again and repeat."


@dataclass(frozen=True)
class Request:
    """What the gateway gave us, made safe to read."""

    method: str
    route: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = ""
    id: str = ""

    @property
    def agent(self) -> str:
        return self.headers.get("user-agent", "")[:200]

    @property
    def wants_page(self) -> bool:
        return "text/html" in self.headers.get("accept", "")

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        try:
            parsed = SimpleCookie(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in parsed.items()}

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The fields of a form body.

        Raises: TooLarge, WrongBodyType, UnreadableForm (not UTF-8, control characters, a name twice, too many fields).
        """
        if len(self.body) > FORM_BYTES_MAX:
            raise TooLarge()
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
            raise WrongBodyType()
        try:
            text = self.body.decode("ascii")
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX)
        except ValueError:
            raise UnreadableForm("encoding") from None
        return once_each(pairs)

    @cached_property
    def asked(self) -> Mapping[str, str]:
        """The query parameters. Raises: UnreadableForm for control characters or a name that occurs twice."""
        return once_each(self.query)


def once_each(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Fields by name. Raises: UnreadableForm when a name occurs twice or a text holds control characters."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise UnreadableForm("a field was sent twice")
        if has_controls(name) or has_controls(value):
            raise UnreadableForm("control characters")
        fields[name] = value
    return fields


def has_controls(text: str) -> bool:
    """Whether a one-line text holds control characters, line separators or lone surrogates."""
    return any(unicodedata.category(symbol) in ("Cc", "Cs", "Zl", "Zp") for symbol in text)


def check_origin(request: Request, shop_url: str) -> None:
    """Refuse a POST that another site's page made this browser send.

    A browser says where a POST comes from (`Sec-Fetch-Site`, else `Origin`). A client that says neither is no browser and
    carries no cookies that somebody else could ride on; the SameSite attribute of our cookies is the second wall.
    Raises: ForeignOrigin.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignOrigin("sec-fetch-site")
    elif origin is not None and origin != _origin(shop_url) and not _is_host(origin, request.headers.get("host")):
        raise ForeignOrigin("origin")


def _is_host(origin: str, host: str | None) -> bool:
    """Whether an origin names the host that was asked. Some texts are no address at all, and `null` names none."""
    try:
        return urlsplit(origin).netloc == host != ""
    except ValueError:
        return False


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Answer:
    """Status, text, headers. Cookies are ready `Set-Cookie` values."""

    body: str = ""
    status: int = 200
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


def see_other(location: str, *cookies: str) -> Answer:
    """Send the browser to the page that shows the effect of its POST. Raises: InvalidRequest for an address that would break the header."""
    if has_controls(location):
        raise InvalidRequest("address")
    return Answer(status=303, content_type=PLAIN, headers={"Location": location}, cookies=cookies)


def no_change() -> Answer:
    """The page that asks already shows the present state."""
    return Answer(status=204, content_type=PLAIN)


def cookie(name: str, value: str, age_s: int) -> str:
    """A cookie that scripts cannot read, other sites cannot send along and plain HTTP does not carry; age 0 forgets it."""
    return f"__Host-{name}={value}; Path=/; Max-Age={min(age_s, COOKIE_AGE_MAX_S)}; Secure; HttpOnly; SameSite=Lax"

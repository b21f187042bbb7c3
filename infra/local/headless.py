"""A visitor without a script: pages, forms, cookies and redirects over plain HTTP, as a browser with JavaScript off has them.

It keeps `__Host-` cookies although the addresses are not https, as browsers do on loopback.
"""

import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit


TIMEOUT_S = 30
HOPS_MAX = 8
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"
"""A phone is offered the payment page itself; a computer is shown a QR code, which this visitor cannot scan."""


@dataclass
class Form:
    action: str
    method: str
    attributes: dict[str, str]
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Values of the radio buttons that can be chosen, by name."""
    ticks: dict[str, str] = field(default_factory=dict)
    """Values of the boxes that could be ticked, by name."""


@dataclass
class Page:
    status: int
    url: str
    text: str
    forms: list[Form]
    links: list[dict[str, str]]
    stage: dict[str, str]
    """Attributes of the order's stage, if the page is an order page."""
    headline: str
    secrets: list[str]
    """Texts of opened cards."""

    def form(self, action: str) -> Form | None:
        return next((form for form in self.forms if form.action.endswith(action)), None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[dict[str, str]] = []
        self.stage: dict[str, str] = {}
        self.headline = ""
        self.secrets: list[str] = []
        self._form: Form | None = None
        self._into = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").upper(), given)
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None and given.get("name"):
            self._input(self._form, given)
        elif tag == "a" and given.get("href"):
            self.links.append(given)
        elif tag == "h1":
            self._into = "h1"
        elif tag == "code" and "secret-text" in given.get("class", ""):
            self._into = "secret"
            self.secrets.append("")
        if given.get("id") == "stage":
            self.stage = given

    def _input(self, form: Form, given: dict[str, str]) -> None:
        name, value = given["name"], given.get("value", "on")
        kind, is_open = given.get("type", "text"), "disabled" not in given
        if kind == "radio":
            if is_open:
                form.choices.setdefault(name, []).append(value)
            if "checked" in given:
                form.fields[name] = value
        elif kind == "checkbox":
            form.ticks[name] = value
            if "checked" in given:
                form.fields[name] = value
        elif is_open and kind not in ("submit", "button", "image"):
            form.fields.setdefault(name, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in ("h1", "code"):
            self._into = ""

    def handle_data(self, data: str) -> None:
        if self._into == "h1":
            self.headline += data.strip()
        elif self._into == "secret":
            self.secrets[-1] += data


class Visitor:
    """One person's browser: cookies by site, a connection kept per site."""

    def __init__(self, language: str = "en", agent: str = PHONE) -> None:
        self._language, self._agent = language, agent
        self._cookies: dict[str, dict[str, str]] = {}
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def get(self, url: str) -> Page:
        return self._follow("GET", url, None)

    def submit(self, page: Page, form: Form, **changed: str) -> Page:
        """Send a form of a page, with some fields filled in."""
        url = urljoin(page.url, form.action)
        body = urlencode({**form.fields, **changed})
        if form.method == "GET":
            return self.get(f"{url.partition('?')[0]}?{body}")
        return self._follow("POST", url, body.encode(), origin=_site(page.url))

    def move(self, old: str, new: str) -> "Visitor":
        """Take the cookies of one site to another: the same shop on another port."""
        self._cookies[new] = dict(self._cookies.get(old, {}))
        return self

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def _follow(self, method: str, url: str, body: bytes | None, origin: str = "") -> Page:
        for _ in range(HOPS_MAX):
            status, location, text = self._ask(method, url, body, origin)
            if not location or status not in (301, 302, 303, 307, 308):
                return _page(status, url, text)
            url = urljoin(url, location)
            if status not in (307, 308):
                method, body = "GET", None
        raise ConnectionError(f"more than {HOPS_MAX} redirects")

    def _ask(self, method: str, url: str, body: bytes | None, origin: str) -> tuple[int, str, str]:
        parts, site = urlsplit(url), _site(url)
        cookies = self._cookies.setdefault(site, {})
        headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": self._language, "User-Agent": self._agent}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if method == "POST":
            headers |= {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
            headers["Sec-Fetch-Site"] = "same-origin" if origin == site else "cross-site"
        connection = self._connections.setdefault(site, http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_S))
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            connection.close()
            if method != "GET":
                raise
            connection.request(method, path, body, headers)
            response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name.strip()] = value.strip()
        return response.status, response.headers.get("Location", ""), text


def _page(status: int, url: str, text: str) -> Page:
    reader = _Reader()
    reader.feed(text)
    return Page(status, url, text, reader.forms, reader.links, reader.stage, reader.headline, reader.secrets)


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

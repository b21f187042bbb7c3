"""What belongs to the site and to no product or order: files, help, language and theme."""

from datetime import timedelta

from house import House

from faka.platform.door import PLAIN, Answer, Request, cookie, see_other
from pages import assets
from pages.i18n import language
from pages.render import THEMES
from pages.visitor import PREFS_AGE_S, PREFS_COOKIE, prefs_value, safe_path


SECURITY_TEXT_AGE = timedelta(days=180)
"""How long a reader may trust a copy: RFC 9116 asks for less than a year."""

ROBOTS = "User-agent: *\nDisallow: /o/\nDisallow: /orders\nDisallow: /prefs\n"


class SiteFiles:
    def __init__(self, house: House) -> None:
        self._house = house

    def static(self, request: Request) -> Answer:
        """A file by its hashed address. A page from before a release may ask by an old hash: it gets the present file, uncached."""
        asset = assets.find(request.params["name"])
        if asset is None:
            return Answer("", 404, PLAIN)
        cache = assets.FOREVER if request.params["hash"] == asset.hash else "no-store"
        return Answer(asset.text, 200, asset.content_type, {"Cache-Control": cache})

    def icon(self, _: Request) -> Answer:
        asset = assets.find("icon.svg")
        return Answer(asset.text if asset else "", 200, assets.TYPES[".svg"], {"Cache-Control": "public, max-age=86400"})

    def robots(self, _: Request) -> Answer:
        return Answer(ROBOTS, 200, PLAIN, {"Cache-Control": "public, max-age=86400"})

    def security(self, _: Request) -> Answer:
        """Whom to tell about a hole, as RFC 9116 has it."""
        settings = self._house.deps.settings
        until = (self._house.now() + SECURITY_TEXT_AGE).strftime("%Y-%m-%dT%H:%M:%SZ")
        own = f"{settings.faka_shop_url}/.well-known/security.txt"
        text = f"Contact: mailto:{settings.faka_mail_from}\nExpires: {until}\nPreferred-Languages: zh, en\nCanonical: {own}\n"
        return Answer(text, 200, PLAIN)

    def help(self, request: Request) -> Answer:
        return self._house.page(self._house.visitor(request), "shop/help.html", None)

    def prefs(self, request: Request) -> Answer:
        """Keep language and theme, and go back to where the visitor was. Unknown values change nothing."""
        frame, form = self._house.visitor(request).frame, request.form
        lang = language(form.get("lang", "")) or (None if "theme" in form else frame.lang)
        theme = next((one for one in THEMES if one == form.get("theme")), frame.theme)
        kept = cookie(PREFS_COOKIE, prefs_value(lang or frame.lang, theme), PREFS_AGE_S)
        if "x-fragment" in request.headers:
            return Answer(status=204, content_type=PLAIN, cookies=(kept,))
        return see_other(safe_path(form.get("back", "/")), kept)

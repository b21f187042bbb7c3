"""From a view model to text: environment, page, fragment, content policy."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import BaseLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined
from markupsafe import Markup

from pages import art, assets, i18n
from pages.i18n import Language
from pages.prose import pairs, prose
from pages.qr import drawable, qr_svg


_HERE = Path(__file__).parent
COMPILED = _HERE / "build" / "templates"
SOURCE = _HERE / "templates"

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = ("auto", "light", "dark")


@dataclass(frozen=True)
class Frame:
    """What the layout needs to know, whatever the page."""

    lang: Language
    theme: Theme = "auto"
    here: str = "/"
    """The path to come back to after a change of language or theme."""
    is_mobile: bool = False
    origin: str = ""
    """The shop's public address, for links that leave the browser."""


def new_environment(loader: BaseLoader, lang: Language) -> Environment:
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=not COMPILED.is_dir(),
    )
    made.install_gettext_translations(i18n.catalogue(lang), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        asset=assets.url,
        icon=art.icon,
        art=art.tile,
        qr=qr_svg,
        drawable=drawable,
        prose=prose,
        pairs=pairs,
        tag=i18n.TAGS[lang],
        other="en" if lang == "zh" else "zh",
    )
    made.filters.update(
        money=lambda amount: i18n.money(amount, lang),
        moment=i18n.moment,
        iso=i18n.machine_moment,
        grouped=i18n.grouped,
        words=lambda text: text.pick(lang),
    )
    return made


@cache
def environment(lang: Language) -> Environment:
    """One environment per language, because a template's texts are bound when it is first used."""
    return new_environment(ModuleLoader(COMPILED) if COMPILED.is_dir() else FileSystemLoader(SOURCE), lang)


def page(template: str, frame: Frame, **view: Any) -> str:
    """A whole page. Raises: jinja2.UndefinedError for a name that the view does not give."""
    return environment(frame.lang).get_template(template).render(frame=frame, whole=True, **view)


def fragment(template: str, frame: Frame, **view: Any) -> str:
    """The part of a page that the script replaces; the same template as the page uses for it."""
    return environment(frame.lang).get_template(template).render(frame=frame, whole=False, **view)


def content_policy(form_hosts: Collection[str] = ()) -> str:
    """Everything is forbidden but our own files. `form_hosts` are payment gateways: the policy also governs where a POST
    of ours may redirect to."""
    targets = " ".join(["'self'", *sorted(set(form_hosts))])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )


def headers(form_hosts: Collection[str] = ()) -> dict[str, str]:
    return {"Content-Security-Policy": content_policy(form_hosts), "Vary": "Accept-Language, Cookie, X-Fragment"}


__all__ = ["COMPILED", "SOURCE", "THEMES", "Frame", "Markup", "Theme", "content_policy", "environment", "fragment", "headers", "page"]

"""From catalogue to screen: tiles, choices, ways to pay, the sum. Strings and numbers ready to show."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts import FieldView, SavedChoice

from faka.flows.browse import Shelf
from faka.flows.browse import Tile as ShelfTile
from faka.flows.quote import Quote
from faka.flows.ways import ChannelRow, Sight, method_for
from faka.kernel.money import Money
from pages import i18n
from pages.forms import BadForm, Fault, mark
from pages.i18n import Language, money
from pages.order_view import Way


_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}", re.ASCII)

SECTION_TILES_MIN = 4
"""Tiles a section should have on average: a full row on a desktop. A smaller shop looks better as one grid."""

HUNDREDTHS = 100
"""Basis points of one per cent."""


@dataclass(frozen=True)
class Tile:
    id: str
    hue: int
    kind: str
    title: str
    summary: str
    price: str
    has_range: bool
    stock: str


@dataclass(frozen=True)
class Crumb:
    id: str
    name: str


@dataclass(frozen=True)
class Section:
    id: str
    name: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class ListView:
    is_home: bool
    heading: str
    path: tuple[Crumb, ...]
    categories: tuple[Crumb, ...]
    sections: tuple[Section, ...]
    page: int
    pages: int


@dataclass(frozen=True)
class SkuChoice:
    id: str
    name: str
    face_value: str
    price: str
    stock: str
    is_chosen: bool


@dataclass(frozen=True)
class Sum:
    unit: str
    quantity: int
    subtotal: str
    fee: str
    total: str
    total_minor: int
    stock: int


@dataclass(frozen=True)
class FormFault:
    """A fault in the reader's language. `target` is the id of the field that its line in the summary leads to."""

    field: str
    text: str
    target: str = ""


@dataclass(frozen=True)
class Typed:
    """The form as it stands: fresh, or as the visitor typed it."""

    form_id: str
    code: str
    sku: str = ""
    quantity: str = "1"
    contact: str = ""
    channel: str = ""
    has_consent: bool = False
    account: Mapping[str, str] = field(default_factory=dict)
    saved: str | None = None
    """Id of the saved account that was chosen, empty for another one; None on a page where nobody has chosen yet."""
    is_remembered: bool = False


@dataclass(frozen=True)
class ProductView:
    id: str
    hue: int
    kind: str
    title: str
    summary: str
    path: tuple[Crumb, ...]
    stock: str
    rights: str
    description: str
    guide: str
    notice: str
    notice_version: str
    opens_at: datetime | None
    form: Typed | None
    skus: tuple[SkuChoice, ...]
    ways: tuple[Way, ...]
    is_priced: bool
    limit_hint: str
    is_single: bool
    """Only one can be ordered, so nobody is asked how many."""
    account: tuple[FieldView, ...]
    saved: tuple[SavedChoice, ...]
    total: Sum | None
    price_note: str
    can_pay: bool
    faults: tuple[FormFault, ...] = ()
    fault_title: str = ""
    alternatives: tuple[Tile, ...] = field(default=())


def tile(one: ShelfTile, lang: Language) -> Tile:
    return Tile(
        id=one.id,
        hue=one.image_hue,
        kind=str(one.kind),
        title=one.title.pick(lang),
        summary=one.summary.pick(lang),
        price=money(one.price_from, lang),
        has_range=one.price_from != one.price_to,
        stock=str(one.stock),
    )


def list_view(shelf: Shelf, category: str | None, lang: Language) -> ListView:
    """The home page groups its tiles by top-level category while they fit on one page; longer listings are plain."""
    _ = i18n.translator(lang)
    path = tuple(Crumb(one.id, one.name.pick(lang)) for one in shelf.path)
    below = tuple(Crumb(one.id, one.name.pick(lang)) for one in shelf.tree.children(category))
    tiles = [(one.category, tile(one, lang)) for one in shelf.tiles]
    sections: list[Section] = []
    if category is None and shelf.pages == 1 and len(tiles) >= SECTION_TILES_MIN * len(below):
        for one in below:
            within = shelf.tree.subtree(one.id)
            mine = tuple(drawn for place, drawn in tiles if place in within)
            if mine:
                sections.append(Section(one.id, one.name, mine))
        grouped = {drawn.id for section in sections for drawn in section.tiles}
        rest = tuple(drawn for _place, drawn in tiles if drawn.id not in grouped)
        if rest:
            sections.append(Section("", _("More goods") if sections else "", rest))
    elif tiles:
        sections.append(Section("", "", tuple(drawn for _place, drawn in tiles)))
    heading = path[-1].name if path else _("All goods")
    return ListView(category is None, heading, path, below, tuple(sections), shelf.page, shelf.pages)


def ways(rows: Sequence[ChannelRow], chosen: str, sight: Sight, lang: Language) -> tuple[Way, ...]:
    """One way for each account, the easiest on this device; the one that was chosen stays as it is."""
    found: list[Way] = []
    for row in rows:
        mine = next((one for one in row.methods if chosen == f"{row.id}:{one}"), None)
        found.append(way(row, mine or method_for(row, sight) or row.methods[0], lang, is_chosen=mine is not None))
    if found and not any(one.is_chosen for one in found):
        found[0] = replace(found[0], is_chosen=True)
    return tuple(found)


def way(row: ChannelRow, method: str, lang: Language, *, is_chosen: bool) -> Way:
    return Way(f"{row.id}:{method}", row.kind, row.title.pick(lang), way_hint(method, lang), fee_text(row, lang), is_chosen)


def way_of(value: str) -> tuple[str, str]:
    """Channel and method of a chosen way. Raises: BadForm for anything that is not `channel:method`."""
    channel, _colon, method = value.partition(":")
    if not (_NAME.fullmatch(channel) and _NAME.fullmatch(method)):
        raise BadForm([Fault("channel", mark("Please choose a way to pay."))])
    return channel, method


def way_hint(method: str, lang: Language) -> str:
    _ = i18n.translator(lang)
    texts = {
        "precreate": _("scan with your phone"),
        "native": _("scan with your phone"),
        "page": _("in this browser"),
        "wap": _("opens the app"),
        "h5": _("opens the app"),
        "jsapi": _("in this app"),
        "epay": _("on the payment page"),
        "card": _("on the payment page"),
        "usdt": _("stablecoin transfer"),
    }
    return texts.get(method, "")


def fee_text(row: ChannelRow, lang: Language) -> str:
    """What paying this way adds to the price; empty where it adds nothing."""
    _ = i18n.translator(lang)
    points, fixed = row.buyer_fee
    whole, part = divmod(points, HUNDREDTHS)
    parts = [f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "\u00a0%"] if points else []
    parts += [money(Money(minor=fixed, currency=row.currency), lang)] if fixed else []
    return _("fee %(amount)s") % {"amount": " + ".join(parts)} if parts else ""


def sum_of(quote: Quote, lang: Language) -> Sum:
    price = quote.price
    amounts = (money(price.unit, lang), price.quantity, money(price.goods, lang), money(price.fee, lang), money(price.total, lang))
    return Sum(*amounts, total_minor=price.total.minor, stock=quote.available)


def form_faults(faults: Iterable[Fault], lang: Language, targets: Sequence[str]) -> tuple[FormFault, ...]:
    _ = i18n.translator(lang)
    made = []
    for fault in faults:
        text = _(fault.msgid)
        made.append(FormFault(fault.field, text % fault.values if fault.values else text, fault.field if fault.field in targets else ""))
    return tuple(made)

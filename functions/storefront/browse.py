"""Looking around: listings, the product page, the live total."""

from dataclasses import replace

from faka.flows import browse as flow
from faka.flows.browse import ProductPage
from faka.flows.quote import Quote, QuoteRequest, quote
from faka.kernel import ids
from faka.kernel.errors import FakaError, NotFound
from faka.kernel.limits import ORDER_CARDS_MAX
from faka.platform.door import Answer, Request
from house import House
from pages import i18n
from pages.forms import BadForm, Reader, mark
from pages.i18n import money
from pages.visitor import Visitor
from views import Choice, Crumb, ProductView, Sum, Typed, list_view, sum_of, ways


class Browse:
    def __init__(self, house: House) -> None:
        self._house = house

    def home(self, request: Request) -> Answer:
        return self._list(request, None)

    def category(self, request: Request) -> Answer:
        return self._list(request, request.params["category"])

    def _list(self, request: Request, category: str | None) -> Answer:
        who = self._house.visitor(request)
        page = request.asked.get("page", "1")
        shelf = flow.shelf(self._house.deps, category, self._house.now(), int(page) if page.isdecimal() and len(page) < 5 else 1)
        return self._house.page(who, "shop/home.html", list_view(shelf, category, who.frame.lang))

    def product(self, request: Request) -> Answer:
        who = self._house.visitor(request)
        page = flow.product_page(self._house.deps, request.params["slug"], self._house.now())
        asked = request.asked
        typed = replace(fresh_form(self._house), sku=asked.get("sku", ""), quantity=asked.get("quantity", "")[:6], channel=asked.get("channel", ""))
        return self._house.page(who, "shop/product.html", product_view(self._house, who, page, typed))

    def quote(self, request: Request) -> Answer:
        """The total as a fragment. Choices that do not fit say what to change; machines get the same as problem details."""
        who = self._house.visitor(request)
        part: Sum | None = None
        note, status = "", 200
        try:
            part = sum_of(_quoted(self._house, request.params["slug"], Reader(request.asked)), who.frame.lang)
        except FakaError as error:
            if not request.wants_page or isinstance(error, NotFound):
                raise
            note, status = said(error, who), error.http_status
        return replace(self._house.fragment(who, "shop/total.html", part=part, price_note=note), status=status)


def said(error: FakaError, who: Visitor) -> str:
    """An error's sentence in the visitor's language; of a form's faults the first."""
    _ = i18n.translator(who.frame.lang)
    if isinstance(error, BadForm):
        first = error.faults[0]
        return _(first.msgid) % first.values if first.values else _(first.msgid)
    return _(error.public_message)


def fresh_form(house: House) -> Typed:
    """A form's one-time id becomes the order's number, and its code the buyer's proof."""
    return Typed(form_id=ids.ulid(house.now(), house.deps.chance), code=ids.lookup_code(house.deps.chance))


def _quoted(house: House, product: str, reader: Reader) -> Quote:
    sku = reader.text("sku", 48, missing=mark("Please choose one of the versions on this page."))
    quantity = reader.whole("quantity", 1, ORDER_CARDS_MAX)
    channel = reader.raw("channel").partition(":")[0][:48]
    reader.done()
    return quote(house.deps, QuoteRequest(product=product, sku=sku, quantity=quantity, channel=channel))


def product_view(house: House, who: Visitor, page: ProductPage, typed: Typed) -> ProductView:
    """The page with the form as it stands. What was not chosen yet gets the first choice that can be bought."""
    product, lang = page.product, who.frame.lang
    _ = i18n.translator(lang)
    in_stock = [one for one in product.skus if page.stock.get(one.id, "none") != "none"]
    known = next((one for one in product.skus if one.id == typed.sku), None)
    chosen = known or (in_stock or list(product.skus))[0]
    is_priced = any(one.price.minor for one in product.skus)
    offered = ways(page, typed.channel, who.frame.is_mobile, lang) if is_priced else ()
    channel = next((one.value for one in offered if one.is_chosen), "")
    typed = replace(typed, sku=chosen.id, quantity=typed.quantity or str(chosen.per_order_min), channel=channel)
    total, note = None, ""
    if page.is_open:
        given = {"sku": typed.sku, "quantity": typed.quantity, "channel": channel if chosen.price.minor else ""}
        try:
            total = sum_of(_quoted(house, product.id, Reader(given)), lang)
        except FakaError as error:
            note = said(error, who)
    choices = [
        Choice(one.id, one.name.pick(lang), one.face_value or "", money(one.price, lang), str(page.stock.get(one.id, "none")), one.id == chosen.id)
        for one in product.skus
    ]
    limits = {"least": chosen.per_order_min, "most": chosen.per_order_max}
    return ProductView(
        id=product.id,
        hue=product.image_hue,
        kind=str(product.kind),
        title=product.title.pick(lang),
        summary=product.summary.pick(lang),
        path=tuple(Crumb(one.id, one.name.pick(lang)) for one in page.path),
        stock="plenty" if "plenty" in page.stock.values() else "few" if in_stock else "none",
        rights=product.rights.pick(lang),
        description=product.description.pick(lang),
        guide=product.guide_public.pick(lang),
        notice=product.notice.pick(lang),
        notice_version=product.notice_version,
        opens_at=None if page.is_open else product.on_at,
        form=typed if page.is_open else None,
        skus=tuple(choices),
        ways=offered,
        is_priced=is_priced,
        limit_hint=_("%(least)s to %(most)s per order") % limits if limits["least"] != limits["most"] else _("Sold in lots of %(least)s") % limits,
        total=total,
        price_note=note,
        can_pay=bool(in_stock) and (bool(offered) or not is_priced),
    )

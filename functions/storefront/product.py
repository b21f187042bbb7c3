"""The product page's view: what can be chosen, what it costs, what was typed."""

from dataclasses import replace

from accounts import account_fields, saved_choices
from house import House
from views import Crumb, ProductView, SkuChoice, Sum, Typed, sum_of, ways

from faka.flows.browse import ProductPage
from faka.flows.quote import Quote, QuoteRequest, quote
from faka.flows.saved_accounts import offered_accounts
from faka.flows.ways import Choice, ways_for
from faka.kernel import ids
from faka.kernel.errors import FakaError
from faka.kernel.limits import ORDER_CARDS_MAX
from pages import i18n
from pages.forms import BadForm, Reader, mark
from pages.i18n import Language, money
from pages.order_view import Way
from pages.visitor import Visitor


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


def quoted(house: House, product: str, reader: Reader) -> Quote:
    sku = reader.text("sku", 48, missing=mark("Please choose one of the versions on this page."))
    quantity = reader.whole("quantity", 1, ORDER_CARDS_MAX)
    channel = reader.raw("channel").partition(":")[0][:48]
    reader.done()
    return quote(house.deps, QuoteRequest(product=product, sku=sku, quantity=quantity, channel=channel))


def product_view(house: House, who: Visitor, page: ProductPage, typed: Typed) -> ProductView:
    """The page with the form as it stands. What was not chosen yet gets the first choice that can be bought."""
    product, lang = page.product, who.frame.lang
    in_stock = [one for one in product.skus if page.stock.get(one.id, "none") != "none"]
    known = next((one for one in product.skus if one.id == typed.sku), None)
    chosen = known or (in_stock or list(product.skus))[0]
    is_gone = known is not None and bool(in_stock) and known not in in_stock  # the visitor chooses again, nobody chooses for him
    is_priced = any(one.price.minor for one in product.skus)
    offered = _ways(house, who, page, chosen.id, typed) if is_priced and page.is_open else ()
    channel = next((one.value for one in offered if one.is_chosen), "")
    typed = replace(typed, sku="" if is_gone else chosen.id, quantity=typed.quantity or str(chosen.per_order_min), channel=channel)
    given = {"sku": typed.sku, "quantity": typed.quantity, "channel": channel if chosen.price.minor else ""}
    total, note = _total(house, who, page, given)
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
        skus=_choices(page, typed.sku, lang),
        ways=offered,
        is_priced=is_priced,
        limit_hint=_limits(chosen.per_order_min, chosen.per_order_max, lang),
        is_single=all(one.per_order_max == 1 for one in product.skus),
        account=account_fields(product.account_form, typed.account, lang),
        saved=saved_choices(product.account_form, offered_accounts(house.deps, who.accounts, product), typed.saved, lang),
        total=total,
        price_note=note,
        can_pay=bool(in_stock) and (bool(offered) or not is_priced),
    )


def _ways(house: House, who: Visitor, page: ProductPage, sku: str, typed: Typed) -> tuple[Way, ...]:
    """What this choice can be paid with; what was typed wrong is judged as one piece, so that the page keeps its ways."""
    chosen = page.product.sku(sku)
    quantity = int(typed.quantity) if typed.quantity.isascii() and typed.quantity.isdigit() else chosen.per_order_min
    bounded = min(max(quantity, chosen.per_order_min), chosen.per_order_max)
    choice = Choice(unit=chosen.price, quantity=bounded, sight=who.sight, order_id=ids.order_id(typed.form_id))
    return ways(ways_for(house.deps, choice), typed.channel, who.sight, who.frame.lang)


def _total(house: House, who: Visitor, page: ProductPage, given: dict[str, str]) -> tuple[Sum | None, str]:
    """The sum, or the sentence that says why there is none yet."""
    if not page.is_open:
        return None, ""
    try:
        return sum_of(quoted(house, page.product.id, Reader(given)), who.frame.lang), ""
    except BadForm:
        return None, ""  # the field itself says what is wrong with it
    except FakaError as error:
        return None, said(error, who)


def _choices(page: ProductPage, chosen: str, lang: Language) -> tuple[SkuChoice, ...]:
    words = page.stock
    return tuple(
        SkuChoice(
            one.id, one.name.pick(lang), one.face_value.pick(lang), money(one.price, lang), str(words.get(one.id, "none")), one.id == chosen
        )
        for one in page.product.skus
    )


def _limits(least: int, most: int, lang: Language) -> str:
    _ = i18n.translator(lang)
    if least == most:
        return _("Sold in lots of %(least)s") % {"least": least}
    return _("%(least)s to %(most)s per order") % {"least": least, "most": most}

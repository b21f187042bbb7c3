"""Opened cards as the order page, and as a text file."""

from dataclasses import replace
from datetime import datetime

from faka.flows.reveal import Revealed, Viewer, reveal
from faka.kernel import ids
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import FakaError
from faka.platform.door import PLAIN, Answer, Request
from faka.steps.proof import Proof
from faka.wiring import Deps
from pages import i18n, render
from pages.faults import fault_view
from pages.order import card_view, link_view, opened_view, order_view, text_file
from pages.order_view import Bought, OrderView
from pages.visitor import Visitor, visitor


class Cards:
    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def show(self, request: Request) -> Answer:
        """The order page with its cards open. The script asks for the part that it swaps, a plain form for the whole page."""
        who, now = _visitor(request), self._deps.clock.now()
        opened = self._opened(request, who, "page")
        view = self._view(opened, who, request, now)
        if "x-fragment" in request.headers:
            return Answer(render.fragment("shop/stage.html", who.frame, view=view), headers=render.headers())
        return Answer(render.page("shop/order.html", who.frame, view=view), headers=render.headers())

    def download(self, request: Request) -> Answer:
        """All cards, one a line. The name tells product and order, never a card."""
        opened = self._opened(request, _visitor(request), "file")
        text = text_file([(card.number_text, card.secret.reveal()) for card in opened.cards])
        name = f"{opened.order.product_id}-{opened.order.id}.txt"
        return Answer(text, 200, PLAIN, {"Content-Disposition": f'attachment; filename="{name}"'})

    def fault(self, request: Request, error: FakaError) -> Answer:
        """A refusal as a page that leads back to the order, where its present state stands."""
        who = _visitor(request)
        view = fault_view(error, who.frame.lang, request.id)
        if error.http_status != 404:
            _ = i18n.translator(who.frame.lang)
            view = replace(view, next_label=_("Back to the order"), next_href=who.frame.here)
        return Answer(render.page("shop/error.html", who.frame, view=view), error.http_status, headers=render.headers())

    def _opened(self, request: Request, who: Visitor, via: str) -> Revealed:
        no = request.params["no"]
        open_id = request.form.get("open_id", "")
        proof = Proof(code=who.code(no), grant=who.grant)
        viewer = Viewer(request.address, request.agent)
        return reveal(self._deps, no, proof, viewer, open_id if ids.is_ulid(open_id) else "", via)

    def _view(self, opened: Revealed, who: Visitor, request: Request, now: datetime) -> OrderView:
        lang, order, product = who.frame.lang, opened.order, opened.product
        sku = product.sku(order.sku_id)
        bought = Bought(product.title.pick(lang), sku.name.pick(lang), sku.id, product.guide_after.pick(lang), product.rights.pick(lang))
        view = order_view(order, bought, lang, now, code=who.code(order.id), open_id=request.form.get("open_id", "")[:26])
        expires = [run.expires for run in order.runs for _ in range(run.count)]
        if order.kind is DeliveryKind.LINK:
            drawn = [link_view(card.secret.reveal()) for card in opened.cards]
        else:
            pairs = zip(opened.cards, expires, strict=True)
            since = {one.new: one.at for one in order.exchanges}
            drawn = [card_view(card.number_text, card.secret.reveal(), lang, until, since.get(card.number)) for card, until in pairs]
        return opened_view(view, drawn, lang, order.revealed_at or now)


def _visitor(request: Request) -> Visitor:
    return visitor(request.cookies, request.headers, request.path, dict(request.query))

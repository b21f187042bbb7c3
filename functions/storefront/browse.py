"""Looking around: listings, the product page, the live total."""

from dataclasses import replace

from house import House
from product import fresh_form, product_view, quoted, said
from views import Sum, list_view, sum_of

from faka.flows import browse as flow
from faka.kernel.errors import FakaError, NotFound
from faka.platform.door import Answer, Request
from pages.forms import Reader


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
        typed = replace(
            fresh_form(self._house), sku=asked.get("sku", ""), quantity=asked.get("quantity", "")[:6], channel=asked.get("channel", "")
        )
        return self._house.page(who, "shop/product.html", product_view(self._house, who, page, typed))

    def quote(self, request: Request) -> Answer:
        """The total as a fragment. Choices that do not fit say what to change; machines get the same as problem details."""
        who = self._house.visitor(request)
        part: Sum | None = None
        note, status = "", 200
        try:
            part = sum_of(quoted(self._house, request.params["slug"], Reader(request.asked)), who.frame.lang)
        except FakaError as error:
            if not request.wants_page or isinstance(error, NotFound):
                raise
            note, status = said(error, who), error.http_status
        return replace(self._house.fragment(who, "shop/total.html", part=part, price_note=note), status=status)

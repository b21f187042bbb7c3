"""Outcomes of catalogue work. Edits are told apart finely, because an operator can fix each of them in another way."""

from faka.kernel.errors import Conflict, InvalidRequest, NotFound, Rejected


class ProductNotFound(NotFound):
    """No such product, or not one that the shop shows."""


class CategoryNotFound(NotFound):
    """No such category."""


class ChannelNotFound(NotFound):
    """No such payment channel."""


class ChangeNotFound(NotFound):
    """No such bulk change."""


class UnknownSku(Rejected):
    """The product has no such SKU. It is refused, never priced like another one."""

    public_message = "Please choose one of the versions on this page."


class InvalidProduct(InvalidRequest):
    """A product, category or channel as written down does not fit its model; the detail names the fields, never their values."""


class NotYetSold(Rejected):
    """The shop cannot deliver this kind of goods yet, so it may be kept as a draft but not listed."""

    public_message = "This kind of product cannot be sold yet."


class KindFixed(Rejected):
    """A product keeps its kind and its currency: stock and orders refer to them."""


class NoticeNotRenewed(Rejected):
    """The notice before payment has another text under its old version, so consents could not be told apart."""


class PriceVanished(Rejected):
    """A price change would make a priced product free."""


class CategoryCycle(Rejected):
    """A category cannot lie below itself."""


class CategoryTooDeep(Rejected):
    """The tree has a bounded depth and size."""


class CategoryInUse(Rejected):
    """Products or categories lie below this one."""


class OffShelf(Conflict):
    """The product is not on sale at this moment."""

    public_message = "This product is not on sale at the moment."


class ProductMoved(Conflict):
    """Somebody published another version in between; carries it."""


class TreeMoved(Conflict):
    """Somebody changed the categories in between."""


class SkuTaken(Conflict):
    """The SKU id belongs to another product; two products must not sell one stock."""


class ChangeMoved(Conflict):
    """The bulk change is not in the state that this step needs, for instance undone while it was still running."""

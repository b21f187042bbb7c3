"""Ask for an import: check what is asked for, note it, and hand out the form that the file is uploaded with."""

from datetime import date

from faka.contexts.intake import (
    FILE_BYTES_MAX,
    REMARK_MAX,
    UPLOAD_VALID_S,
    BadImport,
    Column,
    ImportJob,
    NotForCards,
    Shape,
    Wish,
    read_date,
)
from faka.kernel.clock import business_day
from faka.kernel.delivery import DeliveryKind
from faka.kernel.ids import ProductId, SkuId, batch_id
from faka.kernel.limits import AMOUNT_MINOR_MAX, TEXT_NAME_MAX
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.objects import UploadForm
from faka.wiring import Deps


_SEPARATORS = {
    Shape.TXT: (None, "", "----", "\t", "|", ",", " ", ";"),
    Shape.CSV: (None, ",", "\t", ";", "|"),
}
"""None: find out. Empty: the line is the secret. A space: any run of them."""


class ImportOrder(Frozen):
    """What an operator says about a file before he uploads it."""

    product: ProductId
    sku: SkuId
    by: str
    wish: Wish = Wish()
    unit_cost: Money | None = None
    supplier: str = ""
    remark: str = ""


class Opened(Frozen):
    job: ImportJob
    form: UploadForm


def open_import(deps: Deps, order: ImportOrder) -> Opened:
    """Note an import job and make its upload form.

    Writes:  trade (the job row).
    Raises:  ProductNotFound, UnknownSku, NotForCards, BadImport.
    Bound:   the form takes one file of at most FILE_BYTES_MAX for UPLOAD_VALID_S.
    """
    now = deps.clock.now()
    product = deps.catalog.product(order.product)
    sku = product.sku(order.sku)
    if not product.kind.is_sealed:
        raise NotForCards(order.product)
    wish = order.wish.model_copy(update={"is_link": product.kind is DeliveryKind.LINK})
    _check(order, wish, business_day(now))
    job = ImportJob(
        id=batch_id(now, deps.chance),
        sku=order.sku,
        product=order.product,
        shards=sku.shards,
        wish=wish,
        unit_cost=order.unit_cost,
        supplier=order.supplier,
        remark=order.remark,
        by=order.by,
        opened_at=now,
    )
    deps.tables.commit([deps.imports.placed(job)])
    return Opened(job=job, form=deps.objects.upload_form(job.incoming_key, bytes_max=FILE_BYTES_MAX, valid_s=UPLOAD_VALID_S))


def _check(order: ImportOrder, wish: Wish, today: date) -> None:
    """Raises: BadImport, naming the field and never its value."""
    faults = {
        "by": not 0 < len(order.by) <= TEXT_NAME_MAX or not order.by.isprintable(),
        "supplier": len(order.supplier) > TEXT_NAME_MAX or not order.supplier.isprintable(),
        "remark": len(order.remark) > REMARK_MAX or not order.remark.isprintable(),
        "unit_cost": order.unit_cost is not None and not 0 <= order.unit_cost.minor <= AMOUNT_MINOR_MAX,
        "expires": read_date(wish.expires) != wish.expires or ("" < wish.expires <= today.isoformat()),
        "separator": wish.separator not in _SEPARATORS[wish.shape],
        "columns": bool(wish.columns) and (wish.columns.count(Column.SECRET) != 1 or len(wish.columns) > 16),
        "encoding": wish.encoding not in ("", "utf-8", "gb18030"),
    }
    wrong = sorted(name for name, is_wrong in faults.items() if is_wrong)
    if wrong:
        raise BadImport(", ".join(wrong))

"""Edit many products at once and take that back.

```
CHANGE row: the edit, every product with the version seen        written first; the permanent versions are the before-images
   │
   ├─ transaction: still RUNNING? · product A seen+1 · B seen+1 · …  each conditional on the version seen, marked with the change
   ├─ transaction: still RUNNING? · product C seen+1 · …
   ▼
 DONE ── undo ──► UNDOING ── the same with seen+2 and the contents of seen ──► UNDONE
```
What is still to do is read off the live rows, never remembered, so a crash at any line is healed by `resume`.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from faka.contexts.catalog.edits import CategoryEdit, Change, ChangeState, Edit, Target
from faka.contexts.catalog.errors import CategoryNotFound, ProductMoved, ProductNotFound
from faka.contexts.catalog.model import Product
from faka.contexts.catalog.policy import require_publishable, stored_bytes
from faka.kernel.errors import FakaError, InvalidRequest, Rejected
from faka.kernel.ids import ProductId
from faka.kernel.limits import BULK_PRODUCTS_MAX, BULK_TRANSACTION_BYTES, BULK_TRANSACTION_PRODUCTS
from faka.kernel.model import Frozen
from faka.platform.table import Write
from faka.wiring import Deps


class BulkReport(Frozen):
    """How a bulk edit or its undo ended for each product: changed, or left alone and why."""

    change: str
    changed: tuple[ProductId, ...]
    left: dict[ProductId, str]


class _Step(NamedTuple):
    """One product of a pass: what is written, over which version."""

    target: Target
    before: Product
    after: Product


def bulk_edit(deps: Deps, change_id: str, edit: Edit, products: Sequence[str], by: str) -> BulkReport:
    """Apply one edit to up to 500 products; `change_id` names it for `resume` and `undo`.

    Writes: catalog; the change row with the versions seen (the before-images) first, then products in transactions of at
            most BULK_TRANSACTION_PRODUCTS, each conditional on the version seen and on the change still running.
    Raises: InvalidRequest, ProductNotFound, CategoryNotFound before anything is written; ChangeMoved.
    A product that somebody published meanwhile, or that the rules refuse, is left alone and reported.
    """
    distinct = list(dict.fromkeys(products))
    if not 0 < len(distinct) <= BULK_PRODUCTS_MAX:
        raise InvalidRequest(f"a bulk edit takes 1 to {BULK_PRODUCTS_MAX} products")
    if isinstance(edit, CategoryEdit) and edit.category not in deps.catalog.tree(fresh=True):
        raise CategoryNotFound(edit.category)
    live = deps.catalog.products(distinct)
    for product in distinct:
        if product not in live:
            raise ProductNotFound(product)
    targets = tuple(Target(product=product, seen=live[ProductId(product)].version) for product in distinct)
    change = Change(id=change_id, edit=edit, targets=targets, by=by, at=deps.clock.now())
    deps.tables.commit([deps.catalog.begin_change(change)])
    return resume(deps, change_id)


def resume(deps: Deps, change_id: str) -> BulkReport:
    """Finish a bulk edit, or its undo, from wherever it stopped. Doing it twice changes nothing.

    Raises: ChangeNotFound, ChangeMoved.
    """
    change = deps.catalog.change(change_id)
    forward = change.state in (ChangeState.RUNNING, ChangeState.DONE)
    refused: dict[ProductId, str] = {}
    steps = list(_steps(deps, change, forward, refused))
    if change.state in (ChangeState.RUNNING, ChangeState.UNDOING):
        for chunk in _bounded(steps):
            _commit(deps, change, chunk)
        deps.catalog.forget()
        done = ChangeState.DONE if forward else ChangeState.UNDONE
        deps.tables.commit([deps.catalog.change_moved(change.id, (change.state, done), done)])
    return _report(deps, change, forward, refused)


def undo(deps: Deps, change_id: str) -> BulkReport:
    """Give every product of a bulk edit its former contents back, as a new version, unless somebody changed it since.

    Raises: ChangeNotFound, ChangeMoved.
    A bulk edit that is still running stops: each of its transactions holds that the change is running.
    """
    if deps.catalog.change(change_id).state in (ChangeState.RUNNING, ChangeState.DONE):
        undoable = (ChangeState.RUNNING, ChangeState.DONE, ChangeState.UNDOING)
        deps.tables.commit([deps.catalog.change_moved(change_id, undoable, ChangeState.UNDOING)])
    return resume(deps, change_id)


def _steps(deps: Deps, change: Change, forward: bool, refused: dict[ProductId, str]) -> Iterator[_Step]:
    """What is still to do, judged by the live rows alone, so that a second run sees what the first one did."""
    live = deps.catalog.products([target.product for target in change.targets])
    images = {} if forward else deps.catalog.versions([(target.product, target.seen) for target in change.targets])
    for target in change.targets:
        product = live[target.id]
        if forward and product.version == target.seen:
            try:
                after = change.edit.apply(product).changed(change=change.id)
                require_publishable(after, product)
            except (Rejected, ValueError) as error:
                refused[target.id] = error.code() if isinstance(error, FakaError) else "invalid_product"
                continue
            yield _Step(target, product, after)
        elif not forward and product.version == target.seen + 1 and product.change == change.id:
            yield _Step(target, product, images[target.id, target.seen].changed(change=change.undo_mark))


def _bounded(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    """Cut the work into transactions by number of products and by bytes: each product is written twice, live and for good."""
    chunk: list[_Step] = []
    weight = 0
    for step in steps:
        size = 2 * stored_bytes(step.after)
        if chunk and (len(chunk) == BULK_TRANSACTION_PRODUCTS or weight + size > BULK_TRANSACTION_BYTES):
            yield chunk
            chunk, weight = [], 0
        chunk.append(step)
        weight += size
    if chunk:
        yield chunk


def _commit(deps: Deps, change: Change, steps: Sequence[_Step]) -> None:
    """All of a chunk, or, when one of its products was published meanwhile, each of the others alone."""
    try:
        deps.tables.commit(_writes(deps, change, steps))
    except ProductMoved:
        if len(steps) > 1:
            for step in steps:
                _commit(deps, change, [step])


def _writes(deps: Deps, change: Change, steps: Sequence[_Step]) -> list[Write]:
    writes = [deps.catalog.change_is(change.id, change.state)]
    for step in steps:
        writes += deps.catalog.publish(step.after, step.before.version, step.before.sku_ids)
    return writes


def _report(deps: Deps, change: Change, forward: bool, refused: dict[ProductId, str]) -> BulkReport:
    """Read back from the permanent versions who wrote what; later edits by hand do not hide it."""
    step, mark = (1, change.id) if forward else (2, change.undo_mark)
    written = deps.catalog.versions([(target.product, target.seen + step) for target in change.targets])
    ours = {version.id for version in written.values() if version.change == mark}
    edited = {target.id for target in change.targets} if forward else _edited(deps, change)
    left = {product: refused.get(product, "changed_since") for product in edited - ours}
    return BulkReport(change=change.id, changed=tuple(sorted(ours)), left=left)


def _edited(deps: Deps, change: Change) -> set[ProductId]:
    written = deps.catalog.versions([(target.product, target.seen + 1) for target in change.targets])
    return {version.id for version in written.values() if version.change == change.id}

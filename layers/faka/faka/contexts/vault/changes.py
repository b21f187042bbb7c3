"""Changes of a batch, each with the states that allow it named in its condition."""

from collections.abc import Sequence

from faka.contexts.vault.errors import BatchFull, BatchMoved, PrintMoved
from faka.contexts.vault.model import VOID_MAX, Batch, BatchState, Lot, Print
from faka.contexts.vault.rows import batch_key, batch_to_item, print_key
from faka.kernel.errors import FakaError
from faka.platform.table import Item, TableName, Write, insert, update


_MAY_BECOME: dict[BatchState, tuple[BatchState, ...]] = {
    BatchState.OPEN: (BatchState.FROZEN, BatchState.OPEN),
    BatchState.FROZEN: (BatchState.OPEN, BatchState.FROZEN),
    BatchState.VOID: (BatchState.OPEN, BatchState.FROZEN, BatchState.VOID),
}
"""New state → states that it may follow. Each follows itself, so that a change whose answer was lost can be sent again."""


def opened(batch: Batch) -> Write:
    """A new batch. Else BatchMoved, with the row that has its ordinal."""
    return insert(TableName.VAULT, batch_to_item(batch), otherwise=_moved)


def key_added(batch: Batch, wrapped: bytes, keys_max: int) -> Write:
    """Keep one more wrapped data key *before* anything is sealed under it. Else BatchFull.

    Sent twice it is listed twice, which harms nothing: a card names its key by index, and either opens it.
    """
    return update(
        batch_key(batch.sku, batch.ordinal),
        "SET #keys = list_append(#keys, :more)",
        when="attribute_exists(pk) AND size(#keys) < :max",
        otherwise=_full,
        more=[wrapped],
        max=keys_max,
    )


def filled(batch: Batch, lots: Sequence[Lot]) -> Write:
    """What the import brought, once it has read the whole file. The same again is the same."""
    listed = [[lot.start, lot.count, lot.expires] for lot in lots]
    return update(batch_key(batch.sku, batch.ordinal), "SET #lots = :lots", otherwise=_moved, lots=listed)


def print_moved(before: Print, after: Print) -> Write:
    """Give a fingerprint whose card never came on sale to the line that brings it again. Else PrintMoved."""
    return update(
        print_key(before.hash),
        "SET #b = :b, #l = :l",
        when="#b = :was_b AND #l = :was_l",
        otherwise=_print_moved,
        b=after.batch,
        l=after.line,
        was_b=before.batch,
        was_l=before.line,
    )


def moved(batch: Batch, state: BatchState) -> Write:
    """Freeze, thaw or void. Else BatchMoved, with the row that says why: VOID is final."""
    names = {f"s{i}": may.value for i, may in enumerate(_MAY_BECOME[state])}
    return update(
        batch_key(batch.sku, batch.ordinal),
        "SET #state = :to",
        when=f"#state IN ({', '.join(f':{name}' for name in names)})",
        otherwise=_moved,
        to=state.value,
        **names,
    )


def voided(batch: Batch, number: int) -> Write:
    """Make one card of the batch void, for ever. Else BatchFull when the batch has too many of them."""
    return update(
        batch_key(batch.sku, batch.ordinal),
        "ADD #void :one",  # a set: the same number again changes nothing
        when="attribute_exists(pk) AND (attribute_not_exists(#void) OR size(#void) < :max OR contains(#void, :number))",
        otherwise=_full,
        one={number},
        number=number,
        max=VOID_MAX,
    )


def _moved(row: Item | None) -> FakaError:
    return BatchMoved("batch", row)


def _print_moved(row: Item | None) -> FakaError:
    return PrintMoved("fingerprint", row)


def _full(row: Item | None) -> FakaError:
    return BatchFull("batch", row)

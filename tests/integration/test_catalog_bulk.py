"""Many products at once: whole, resumable, and taken back."""

from collections.abc import Sequence

import pytest

from faka.contexts.catalog.edits import CategoryEdit, ChangeState, ListingEdit, PriceEdit
from faka.contexts.catalog.errors import CategoryNotFound, ChangeMoved, ChangeNotFound, ProductNotFound
from faka.contexts.catalog.model import ListingState, Product
from faka.flows import bulk_edit as flow
from faka.flows.bulk_edit import BulkReport, bulk_edit, resume, undo
from faka.flows.edit_catalog import publish
from faka.kernel.errors import InvalidRequest
from faka.kernel.limits import BATCH_WRITE_MAX, BULK_PRODUCTS_MAX
from faka.platform.table import TableName, Tables, Write, chunks
from faka.wiring import Deps
from tests.integration.given_catalog import shop
from tests.kit.local import MiniStackTables
from tests.unit.catalog.given import product, sku, text


pytestmark = pytest.mark.integration
CHEAPER = PriceEdit(by_bp=-1_000)
NAMES = [f"p{number}" for number in range(7)]


@pytest.fixture
def deps(tables: Tables) -> Deps:
    return shop(tables)


def stocked(deps: Deps, names: Sequence[str]) -> dict[str, Product]:
    """Products at version 1, written in bulk because a transaction for each takes minutes in process."""
    rows = []
    for name in names:
        writes = deps.catalog.publish(product(name, state="LISTED"), 0)
        rows += [write.item for write in writes if write.item is not None]
    for chunk in chunks(rows, BATCH_WRITE_MAX):
        deps.tables.put_many(TableName.CATALOG, chunk)
    return {name: product(name, state="LISTED", version=1) for name in names}


def contents(deps: Deps, names: Sequence[str]) -> dict[str, Product]:
    """What the products say now, without the numbers that every write moves."""
    return {name: live.changed(version=1, change="") for name, live in deps.catalog.products(names).items()}


def prices(deps: Deps, names: Sequence[str] = NAMES) -> list[int]:
    live = deps.catalog.products(names)
    return [live[name].skus[0].price.minor for name in names]  # type: ignore[index]


class Killed(Exception):
    """The process died here."""


def kill_at(deps: Deps, monkeypatch: pytest.MonkeyPatch, call: int, *, after: bool) -> None:
    """Die right before or right after the given commit."""
    real, seen = deps.tables.commit, {"calls": 0}

    def commit(writes: Sequence[Write]) -> None:
        seen["calls"] += 1
        if seen["calls"] == call and not after:
            raise Killed
        real(writes)
        if seen["calls"] == call:
            raise Killed

    monkeypatch.setattr(deps.tables, "commit", commit)


def test_500_products_change_price_listing_and_category_and_an_undo_restores_them(ministack_tables: MiniStackTables) -> None:
    deps = shop(ministack_tables.tables())
    names = [f"p{number:03}" for number in range(BULK_PRODUCTS_MAX)]
    before = stocked(deps, names)
    edits = [CHEAPER, ListingEdit(state=ListingState.UNLISTED), CategoryEdit(category="games", position=7)]
    for number, edit in enumerate(edits):
        report = bulk_edit(deps, f"chg-{number}", edit, names, "op")
        assert (len(report.changed), report.left) == (BULK_PRODUCTS_MAX, {})
    live = deps.catalog.products(names)
    assert {(one.skus[0].price.minor, one.state.value, one.category, one.version) for one in live.values()} == {
        (1422, "UNLISTED", "games", 4)
    }
    assert {row.category for row in deps.catalog.shelf(fresh=True)} == {"games"}
    report = undo(deps, "chg-2")
    assert len(report.changed) == BULK_PRODUCTS_MAX
    assert {one.category for one in deps.catalog.products(names).values()} == {"video"}
    assert {row.category for row in deps.catalog.shelf(fresh=True)} == {"video"}
    assert {name: one.changed(state="LISTED", skus=before[name].skus) for name, one in contents(deps, names).items()} == before


def test_an_undo_restores_what_nobody_changed_since_and_reports_the_rest(deps: Deps) -> None:
    before = stocked(deps, NAMES)
    bulk_edit(deps, "chg", CHEAPER, NAMES, "op")
    edited = publish(deps, deps.catalog.product("p3", fresh=True).changed(title=text(en="By hand")))
    report = undo(deps, "chg")
    assert report == BulkReport(change="chg", changed=tuple(n for n in NAMES if n != "p3"), left={"p3": "changed_since"})
    assert deps.catalog.product("p3", fresh=True) == edited
    assert {name: one for name, one in contents(deps, NAMES).items() if name != "p3"} == {n: p for n, p in before.items() if n != "p3"}
    assert undo(deps, "chg") == report, "a second undo changes nothing"
    assert deps.catalog.product("p0", fresh=True).version == 3


def test_a_product_published_meanwhile_is_left_alone_and_the_others_of_its_transaction_are_not(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked(deps, NAMES)
    real = deps.tables.commit

    def commit(writes: Sequence[Write]) -> None:
        monkeypatch.setattr(deps.tables, "commit", real)
        real(writes)
        publish(deps, deps.catalog.product("p2", fresh=True).changed(title=text(en="Faster")))

    monkeypatch.setattr(deps.tables, "commit", commit)
    report = bulk_edit(deps, "chg", CHEAPER, NAMES, "op")
    assert report.left == {"p2": "changed_since"}
    assert prices(deps) == [1422, 1422, 1580, 1422, 1422, 1422, 1422]


@pytest.mark.parametrize("after", [False, True])
def test_a_bulk_edit_and_its_undo_killed_at_any_commit_are_finished_by_running_on(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(flow, "BULK_TRANSACTION_PRODUCTS", 3)
    for call in range(1, 6):
        names = [f"k{call}-{name}" for name in NAMES]
        before = stocked(deps, names)
        with monkeypatch.context() as dying:
            kill_at(deps, dying, call, after=after)
            with pytest.raises(Killed):
                bulk_edit(deps, f"chg-{call}", CHEAPER, names, "op")
        if call == 1 and not after:
            with pytest.raises(ChangeNotFound):
                resume(deps, f"chg-{call}")
            continue
        report = resume(deps, f"chg-{call}")
        assert (len(report.changed), report.left) == (7, {})
        assert prices(deps, names) == [1422] * 7
        assert {one.version for one in deps.catalog.products(names).values()} == {2}, "nobody was cheapened twice"
        with monkeypatch.context() as dying:
            kill_at(deps, dying, call, after=after)
            with pytest.raises(Killed):
                undo(deps, f"chg-{call}")
        undo(deps, f"chg-{call}")
        assert contents(deps, names) == before
        assert {one.version for one in deps.catalog.products(names).values()} == {3}


def test_without_the_marks_of_the_versions_a_resumed_edit_would_cheapen_twice(deps: Deps) -> None:
    stocked(deps, NAMES[:1])
    once = CHEAPER.apply(deps.catalog.product("p0", fresh=True))
    assert CHEAPER.apply(once).skus[0].price.minor == 1279, "the edit itself is not idempotent; the version condition makes it so"
    bulk_edit(deps, "chg", CHEAPER, NAMES[:1], "op")
    assert resume(deps, "chg") == resume(deps, "chg")
    assert prices(deps, NAMES[:1]) == [1422]


def test_an_undo_stops_an_edit_that_is_still_running(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BULK_TRANSACTION_PRODUCTS", 3)
    before = stocked(deps, NAMES)
    real, seen = deps.tables.commit, {"calls": 0}

    def commit(writes: Sequence[Write]) -> None:
        seen["calls"] += 1
        if seen["calls"] == 3:
            monkeypatch.setattr(deps.tables, "commit", real)
            undo(deps, "chg")
        real(writes)

    monkeypatch.setattr(deps.tables, "commit", commit)
    with pytest.raises(ChangeMoved):
        bulk_edit(deps, "chg", CHEAPER, NAMES, "op")
    assert contents(deps, NAMES) == before
    assert deps.catalog.change("chg").state is ChangeState.UNDONE


def test_what_the_rules_refuse_is_left_alone_with_its_reason(deps: Deps) -> None:
    publish(deps, product("cheap", skus=(sku("cheap-one", 5),)))
    publish(deps, product("voucher", kind="VOUCHER"))
    stocked(deps, ["p0"])
    assert bulk_edit(deps, "a", PriceEdit(by_bp=-9_000), ["cheap", "p0"], "op").left == {"cheap": "price_vanished"}
    report = bulk_edit(deps, "b", ListingEdit(state=ListingState.LISTED), ["voucher", "p0"], "op")
    assert (report.changed, report.left) == (("p0",), {"voucher": "not_yet_sold"})
    assert resume(deps, "b") == report


def test_an_edit_that_cannot_begin_changes_nothing(deps: Deps) -> None:
    stocked(deps, ["p0"])
    cases = [
        ([], CHEAPER, InvalidRequest),
        ([f"x{number}" for number in range(BULK_PRODUCTS_MAX + 1)], CHEAPER, InvalidRequest),
        (["p0", "nowhere"], CHEAPER, ProductNotFound),
        (["p0"], CategoryEdit(category="nowhere"), CategoryNotFound),
    ]
    for names, edit, error in cases:
        with pytest.raises(error):
            bulk_edit(deps, "chg", edit, names, "op")
    with pytest.raises(ChangeNotFound):
        deps.catalog.change("chg")
    assert prices(deps, ["p0"]) == [1580]


def test_long_texts_make_smaller_transactions(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BULK_TRANSACTION_BYTES", 4_000)
    stocked(deps, NAMES)
    sizes = []
    real = deps.tables.commit
    monkeypatch.setattr(deps.tables, "commit", lambda writes: (sizes.append(len(writes)), real(writes))[1])
    bulk_edit(deps, "chg", CHEAPER, NAMES, "op")
    assert max(sizes) < 1 + 3 * len(NAMES)
    assert prices(deps) == [1422] * 7

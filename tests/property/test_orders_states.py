"""The order's state table: closed, with ends that nobody leaves, and the only way to move (row C18, invariant I6)."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faka.contexts.orders.model import GIVES_BACK, LOG_MAX, TRANSITIONS, DeliveryState, Order, OrderState
from faka.contexts.orders.store import from_item, to_item
from faka.kernel.errors import IllegalTransition
from faka.kernel.money import Currency, Money


pytestmark = pytest.mark.property

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NOTHING = Money(minor=0, currency=Currency.CNY)
ENDS = {OrderState.FAILED, OrderState.FENCED, OrderState.RETURNED}
states = st.sampled_from(OrderState)


def order(state: OrderState = OrderState.PENDING_PAYMENT, **fields: Any) -> Order:
    written: dict[str, Any] = dict.fromkeys(("contact", "contact_hash", "visitor_hash", "consent", "code_hash", "request_hash"), "")
    written |= {"id": "ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", "product_id": "p", "product_version": 1, "sku_id": "s", "shards": 1, "quantity": 1}
    written |= {"kind": "CARD", "unit": NOTHING, "fee": NOTHING, "total": NOTHING, "channel_id": "alipay", "locale": "en_GB"}
    return Order.model_validate({**written, "created_at": AT, "expires_at": AT, "state": state, **fields})


def reachable(start: OrderState) -> set[OrderState]:
    found, ahead = set(), {start}
    while ahead:
        found |= ahead
        ahead = {after for state in ahead for after in TRANSITIONS[state]} - found
    return found


def test_every_state_has_its_line_and_every_line_leads_to_states() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert {after for line in TRANSITIONS.values() for after in line} <= set(OrderState)
    assert not any(state in line for state, line in TRANSITIONS.items()), "staying is no move"


def test_the_ends_are_ends_and_everything_else_can_reach_one() -> None:
    assert {state for state, line in TRANSITIONS.items() if not line} == ENDS
    assert all(reachable(state) & ENDS for state in OrderState)
    assert reachable(OrderState.PENDING_PAYMENT) == set(OrderState) - {OrderState.FENCED}, "a fence is put up, never reached"


def test_who_has_the_goods_never_loses_them_and_who_gave_cards_back_has_none() -> None:
    assert OrderState.COMPLETED not in GIVES_BACK
    assert ENDS - {OrderState.COMPLETED} <= GIVES_BACK


@given(states, states)
def test_a_move_is_in_the_table_or_refused(before: OrderState, after: OrderState) -> None:
    start = order(before)
    if after not in TRANSITIONS[before]:
        with pytest.raises(IllegalTransition):
            start.moved(after, AT, "test", "tries")
        return
    end = start.moved(after, AT, "test", "moves")
    assert (end.state, end.version) == (after, start.version + 1)
    assert (end.log[-1].state, end.log[-1].actor, end.log[-1].reason) == (after, "test", "moves")


@given(st.lists(states, max_size=100))
def test_no_path_leaves_the_table_and_the_history_tells_it(wishes: list[OrderState]) -> None:
    now, lived = order(), [OrderState.PENDING_PAYMENT]
    for wish in wishes:
        try:
            now = now.moved(wish, AT, "test", "wishes")
            lived.append(wish)
        except IllegalTransition:
            now = now.changed(AT, "test", "stays")
    assert now.version == 1 + len(wishes)
    assert len(now.log) == min(LOG_MAX, len(wishes))
    assert all(b in TRANSITIONS[a] for a, b in pairwise(lived))
    assert from_item(to_item(now)) == now, "and the row keeps all of it"


@given(states, st.sampled_from(DeliveryState), st.integers(0, 500), st.text("abc äöü 字", max_size=30))
def test_an_order_survives_its_row_form(state: OrderState, delivery: DeliveryState, reveals: int, reason: str) -> None:
    before = order(state, delivery=delivery, reveals=reveals).changed(AT, "test", reason)
    assert from_item(to_item(before)) == before


# -- what the flows do --------------------------------------------------------------------------------------------


FLOWS = Path(__file__).resolve().parents[2] / "layers" / "faka" / "faka"


def state_writes() -> Iterator[tuple[str, str]]:
    """Where flows and steps name an order state as the target of a change: place and verb."""
    for path in [*FLOWS.glob("flows/**/*.py"), *FLOWS.glob("steps/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                for keyword in node.keywords:
                    if keyword.arg == "state" and "OrderState" in ast.unparse(keyword.value):
                        yield f"{path.name}:{node.lineno}", node.func.attr
                if node.func.attr == "moved" and node.args and "State" in ast.unparse(node.args[0]):
                    yield f"{path.name}:{node.lineno}", "moved"


def test_no_flow_sets_a_state_but_through_the_table() -> None:
    found = list(state_writes())
    assert len([verb for _, verb in found if verb == "moved"]) >= 8, "the search knows how moves are written"
    assert [place for place, verb in found if verb != "moved"] == []


def test_twin_a_state_set_beside_the_table_would_be_noticed() -> None:
    call = ast.parse("order.model_copy(update={}, state=OrderState.PAID)").body[0].value  # type: ignore[attr-defined]
    assert [keyword.arg for keyword in call.keywords if "OrderState" in ast.unparse(keyword.value)] == ["state"]
    assert order(OrderState.COMPLETED).model_copy(update={"state": OrderState.EXPIRED}).state is OrderState.EXPIRED

"""Two persons say that an order was paid: the goods go out once, whatever the provider tells before, between or after."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from faka.contexts.orders.model import DeliveryState, Order, OrderState
from faka.contexts.payments.providers.base import EventSource
from faka.contexts.proposals import ProposalKind, ProposalOver, ProposalState, ProposalStore, SamePerson, person, require_other
from faka.flows import confirm_payment
from faka.flows.confirm_payment import AnotherReference, approve_payment, propose_payment
from faka.flows.order_page import check_payment
from faka.kernel.errors import InvalidRequest
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import ChannelId
from faka.steps.settle import apply
from infra.local.actors.desks import DESKS
from infra.ops import payments
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        made.stock_up(3)
        yield made


@pytest.fixture
def types(world: World, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def typed(by: str, *words: str) -> tuple[int, str]:
        code = payments.main(["--by", by, *words], world.deps)
        read = capsys.readouterr()
        return code, read.out + read.err

    return typed


def money_at_the_provider(world: World, order: Order) -> tuple[str, RawRequest]:
    """The buyer has paid; the number that the provider's pages show, and the notice that is still on its way."""
    [raw] = world.notices(order)
    return world.deps.adapter(ChannelId(order.channel_id)).parse_notice(raw).channel_txn_id, raw


def receipts(world: World) -> list[str]:
    return [row["state"] for row in world.rows("test-trade") if row["sk"] == "CHANNELTXN"]


def test_a_second_person_who_reads_the_number_again_gives_the_goods_out(world: World, types) -> None:
    order = world.buy()
    number, _ = money_at_the_provider(world, order)
    code, read = types("mei", "propose", order.id, "--reference", number, "--reason", "the provider's page shows it")
    name = read.split()[0]
    assert (code, number in read) == (0, False), "who approves reads it at the provider"
    assert types("  MEI ", "approve", name, "--reference", number)[0] == 1
    assert types("lin", "approve", name, "--reference", number[:-1] + "x")[0] == 1
    assert world.order(order).paid_at is None
    assert types("lin", "approve", name, "--reference", number) == (0, "PAY\n")
    after = world.order(order)
    assert (after.state, after.delivery) == (OrderState.COMPLETED, DeliveryState.READY)
    assert "APPROVED by lin" in types("lin", "proposal", name)[1]
    assert receipts(world) == ["APPLIED"]
    assert types("eve", "approve", name, "--reference", number)[0] == 1
    assert number in types("mei", "show", order.id)[1]


def test_what_is_proposed_twice_is_one_proposal_and_what_is_paid_needs_none(world: World, types) -> None:
    order = world.buy()
    number, raw = money_at_the_provider(world, order)
    words = ("propose", order.id, "--reference", number, "--reason", "seen")
    assert types("mei", *words)[1] == types("lin", *words)[1], "the first one stands, with its author"
    world.deliver_notice(order, raw)
    assert types("mei", *words)[0] == 1


def test_a_proposal_that_was_rejected_or_grew_old_is_proposed_anew(world: World, types) -> None:
    order = world.buy()
    number, _ = money_at_the_provider(world, order)
    words = ("propose", order.id, "--reference", number, "--reason", "seen")
    name = types("mei", *words)[1].split()[0]
    assert "REJECTED" in types("mei", "reject", name)[1]
    assert types("lin", "approve", name, "--reference", number)[0] == 1
    assert "(lin)" in types("lin", *words)[1]
    assert types("lin", "approve", name, "--reference", number)[0] == 1, "now it is lin who must not"
    world.clock.advance(days=4)
    assert types("mei", "approve", name, "--reference", number)[0] == 1
    assert "(mei)" in types("mei", *words)[1]


@pytest.mark.parametrize("reference", ["", "short", "has space in it", "x" * 65, "数字数字数字数字"])
def test_a_reference_that_no_provider_gives_is_refused(world: World, reference: str) -> None:
    with pytest.raises(InvalidRequest):
        propose_payment(world.deps, world.buy().id, reference, "seen", "mei")


@pytest.mark.parametrize("kind", tuple(DESKS))
def test_the_number_of_every_provider_can_be_proposed(world: World, kind: str) -> None:
    provider = world.providers.also(kind)
    provider.open("pay01KJPB7WG08HQWXGN3V08Q7SBR00", 1_580)
    [raw] = provider.pay("pay01KJPB7WG08HQWXGN3V08Q7SBR00")
    event = provider.adapter().parse_notice(raw)
    assert confirm_payment._REFERENCE.fullmatch(event.channel_txn_id), event.channel_txn_id


def test_nobody_rejects_a_proposal(world: World, types: Callable[..., tuple[int, str]]) -> None:
    """Whoever takes it off the list has a name, as whoever puts it there."""
    name = propose_payment(world.deps, world.buy().id, "NUMBER-0001", "seen", "mei").id
    assert types("  ", "reject", name)[0] == 1
    assert "REJECTED by lin" in types("LIN", "reject", name)[1]


def test_names_that_look_alike_are_one_person() -> None:
    assert person(" Mei  Lin") == person("ＭＥＩ lin") == "mei lin"


ACTS = ("approve", "notice", "query", "expire")


class Story:
    def __init__(self, world: World) -> None:
        self.world = world
        self.order = world.buy()
        self.number, self.raw = money_at_the_provider(world, self.order)
        self.proposal = propose_payment(world.deps, self.order.id, self.number, "seen", "mei").id

    def approve(self) -> None:
        approve_payment(self.world.deps, self.proposal, self.number, "lin")

    def notice(self) -> None:
        assert self.world.deliver_notice(self.order, self.raw).body == b"success"

    def query(self) -> None:
        self.world.clock.advance(seconds=6)
        check_payment(self.world.deps, self.order.id, self.world.proof(self.order))

    def expire(self) -> None:
        self.world.clock.advance(minutes=17)
        self.world.sweep()

    def end(self) -> tuple[object, ...]:
        self.world.minute()
        after = self.world.order(self.order)
        return after.state, after.delivery, after.refund_state, receipts(self.world), len(self.world.secrets(after))


@pytest.mark.parametrize("acts", itertools.permutations(ACTS), ids="-".join)
def test_in_any_order_the_money_is_booked_once_and_the_goods_go_out_once(acts: tuple[str, ...]) -> None:
    with engine_world() as world:
        world.stock_up(3)
        story = Story(world)
        for act in acts:
            getattr(story, act)()
        assert story.end() == ("COMPLETED", "READY", "NONE", ["APPLIED"], 1)
        assert world.left == 2


def test_a_number_that_the_provider_does_not_confirm_is_refused(world: World) -> None:
    order = world.buy()
    money_at_the_provider(world, order)
    name = propose_payment(world.deps, order.id, "MISTYPED-0001", "seen", "mei").id
    with pytest.raises(AnotherReference):
        approve_payment(world.deps, name, "MISTYPED-0001", "lin")
    assert receipts(world) == []


def test_twin_without_the_provider_word_a_wrong_number_is_booked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = world.buy()
    money_at_the_provider(world, order)
    name = propose_payment(world.deps, order.id, "MISTYPED-0001", "seen", "mei").id
    monkeypatch.setattr(confirm_payment, "_told", nothing_told)
    assert approve_payment(world.deps, name, "MISTYPED-0001", "lin") == "PAY"


def nothing_told(*_: object) -> None:
    """A provider that does not answer."""


def test_another_number_on_an_order_that_is_paid_moves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a mistyped number, agreed on twice, and the true payment meanwhile THEN nobody's word becomes money that goes back."""
    order = world.buy()
    _, raw = money_at_the_provider(world, order)
    name = propose_payment(world.deps, order.id, "MISTYPED-0001", "seen", "mei").id
    world.deliver_notice(order, raw)
    monkeypatch.setattr(confirm_payment, "_told", nothing_told)
    assert approve_payment(world.deps, name, "MISTYPED-0001", "lin") == "NOTHING"
    assert receipts(world) == ["APPLIED"]


def test_twin_without_the_rule_for_people_their_word_pays_money_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = world.buy()
    _, raw = money_at_the_provider(world, order)
    name = propose_payment(world.deps, order.id, "MISTYPED-0001", "seen", "mei").id
    world.deliver_notice(order, raw)
    real = confirm_payment._event

    def unnamed(*given: object):
        return real(*given).model_copy(update={"source": EventSource.NOTICE})

    monkeypatch.setattr(confirm_payment, "_event", unnamed)
    monkeypatch.setattr(confirm_payment, "_told", nothing_told)
    assert approve_payment(world.deps, name, "MISTYPED-0001", "lin") == "REFUND"


def test_twin_without_the_look_at_who_it_is_one_person_is_enough(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order = world.buy()
    number, _ = money_at_the_provider(world, order)
    proposal = propose_payment(world.deps, order.id, number, "seen", "mei")
    with pytest.raises(SamePerson):
        require_other(proposal, ProposalKind.PAYMENT, "mei", world.clock.now())
    monkeypatch.setattr("faka.flows.confirm_payment.require_other", lambda _proposal, _kind, by, _at: by)
    assert approve_payment(world.deps, proposal.id, number, "mei") == "PAY"


def test_a_late_payment_without_stock_is_due_back(world: World) -> None:
    order = world.buy(quantity=3)
    name = propose_payment(world.deps, order.id, "NUMBER-FROM-A-TRANSFER", "seen", "mei").id
    world.clock.advance(minutes=17)
    world.sweep()
    world.buy(quantity=3)
    assert approve_payment(world.deps, name, "NUMBER-FROM-A-TRANSFER", "lin") == "REFUND"
    assert receipts(world) == ["REFUND_DUE"]


def test_a_decision_that_came_first_gives_the_cards_of_a_late_order_back(world: World) -> None:
    """GIVEN a late order whose approval loses to a rejection THEN the cards that it claimed for it are in stock again."""
    order = world.buy(quantity=3)
    proposal = propose_payment(world.deps, order.id, "NUMBER-FROM-A-TRANSFER", "seen", "mei")
    world.clock.advance(minutes=17)
    world.sweep()
    over = ProposalStore(world.deps.tables).decided(
        proposal.model_copy(update={"version": 9}), ProposalState.APPROVED, "lin", world.clock.now()
    )
    payment = world.deps.payments.find(order.payment_id)
    assert payment is not None
    with pytest.raises(ProposalOver):
        apply(world.deps, confirm_payment._event(world.deps, payment, "NUMBER-FROM-A-TRANSFER"), [over])
    assert (world.left, receipts(world)) == (3, [])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_death_at_any_call_leaves_it_to_be_approved_again(world: World, after: bool) -> None:
    at = 1
    while approved_by_a_dying_hand(world, at, after):
        at += 1
    assert at > 2


def approved_by_a_dying_hand(world: World, at: int, after: bool) -> bool:
    """Whether the hand died; what it left is approved once more by another."""
    order = world.buy()
    number, _ = money_at_the_provider(world, order)
    name = propose_payment(world.deps, order.id, number, "seen", "mei").id
    try:
        approve_payment(world.over(DyingClient(world.client, at, after=after)), name, number, "lin")
    except Killed:
        world.try_(lambda: approve_payment(world.deps, name, number, "lin"))
        world.minute()
        assert world.order(order).delivery is DeliveryState.READY
        assert len(world.secrets(order)) == 1
        world.stock_up(1)
        return True
    return False

"""Two persons say that an order was paid, while its notice, the sweep, a new buyer and a second approval are on their way."""

from collections.abc import Callable
from typing import Any

from faka.contexts.payments.model import ReceiptState
from faka.flows.confirm_payment import approve_payment, propose_payment
from faka.kernel.ids import out_trade_no
from faka.platform.table import TableName
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.play import Habits, Notice, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import delivered, lapsed, placed
from tests.simulation.scenarios.money import _buys, _money_ends


def _seen(given: Callable[[World, Canaries], list[Any]]) -> Callable[[World, Canaries], list[Any]]:
    """Money at the provider whose notice is not here yet, and one person's proposal."""

    def begin(world: World, marks: Canaries) -> list[Any]:
        [order] = given(world, marks)
        provider = world.providers.by_id(order.channel_id)
        number = out_trade_no(order.payment_id)
        if not provider.state(number):
            provider.open(number, order.total.minor)
        [raw] = provider.pay(number)
        reference = world.deps.adapter(order.channel_id).parse_notice(raw).channel_txn_id
        return [order, raw, propose_payment(world.deps, order.id, reference, "the provider's page shows it", "mei").id, reference]

    return begin


def _approves(play: Play, name: str) -> None:
    _, _, proposal, reference = play.facts
    play.cast(name, lambda play: play.cloud.run_flow(name, lambda deps: approve_payment(deps, proposal, reference, name)))


def _tells(play: Play, times: int = 1) -> None:
    order, raw, *_ = play.facts
    play.notices += [Notice(order.channel_id, raw)] * times


def _nothing_goes_back(play: Play) -> list[str]:
    rows = [row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "CHANNELTXN"]
    wrong = [f"{row['channel_txn_id']} is {row['state']}" for row in rows if row["state"] != ReceiptState.APPLIED]
    return [*wrong, *_money_ends(play)]


@scenario(
    _seen(placed(1, 2)), then=lambda play: [*delivered(1)(play), *_nothing_goes_back(play)], habits=Habits(minutes=1), pair=True, share=2
)
def two_approve_beside_the_notice(play: Play) -> None:
    """Two second persons agree at once, the notice comes, and the sweep asks: one movement of money."""
    for name in ("lin", "wei"):
        _approves(play, name)
    _tells(play)


@scenario(_seen(lapsed(1, 2)), then=lambda play: [*delivered(1)(play), *_nothing_goes_back(play)], habits=Habits(minutes=1), share=1.5)
def people_confirm_late_money(play: Play) -> None:
    """The hold is over; the approval and the notice both claim cards anew, a further approval comes: cards claimed in vain go back."""
    for name in ("lin", "wei"):
        _approves(play, name)
    _tells(play, 2)


@scenario(_seen(lapsed(1, 1)), then=_money_ends, habits=Habits(minutes=1), share=1)
def people_confirm_late_money_beside_a_buyer(play: Play) -> None:
    """One card is left for the late order and for a new buyer."""
    _approves(play, "lin")
    _tells(play)
    play.cast("ann", lambda play: _buys(play, "ann"))

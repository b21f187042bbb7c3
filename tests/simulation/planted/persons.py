"""Planted faults about what people confirm."""

from faka.flows import confirm_payment
from tests.simulation.planted import Fault


FAULTS: tuple[Fault, ...] = (
    Fault(
        "what people confirm has a number of its own",
        "epay forks, dujiaoka and V2Board: a hand makes an order paid under an invented number, and the true notice pays it again",
        (
            (confirm_payment._event, "channel_txn_id=reference,", 'channel_txn_id=f"by-hand-{reference}",'),
            (confirm_payment._told, "return event", "return None"),
        ),
        frozenset({"I3"}),
        ("two_approve_beside_the_notice",),
    ),
)

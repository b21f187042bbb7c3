"""The shop's own work beside itself: claims without an owner, the stream twice, imports."""

from tests.simulation.people import Buyer
from tests.simulation.play import Habits, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import cards, left, orders


def _all_accounted_for(play: Play) -> list[str]:
    owned = sum(run[3] for row in orders(play) for run in row.get("runs", []))
    return [] if left(play) + owned == 3 else [f"{left(play)} for sale and {owned} owned, of 3"]


@scenario(cards(3), then=_all_accounted_for, habits=Habits(minutes=3, stride_s=130, repeats=3), share=2)
def claims_without_an_owner(play: Play) -> None:
    """Checkouts that are ended by the clock between claim and commit, with a stream that repeats itself."""
    for name in ("ann", "bob"):
        play.cast(name, lambda play, name=name: Buyer(play, name, quantity="2").submit(1))  # type: ignore[misc]

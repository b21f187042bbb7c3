"""The shop's own work beside itself: claims without an owner, the stream twice, imports."""

import json

from faka.contexts.intake import ImportStore
from faka.flows.intake import ImportOrder, open_import
from faka.kernel.ids import BatchId
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.people import Buyer
from tests.simulation.play import Habits, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import cards, left, orders


def _all_accounted_for(play: Play) -> list[str]:
    owned = sum(run[3] for row in orders(play) for run in row.get("runs", []))
    return [] if left(play) + owned == 3 else [f"{left(play)} for sale and {owned} owned, of 3"]


@scenario(cards(3), then=_all_accounted_for, habits=Habits(minutes=3, stride_s=130, repeats=3), share=2.5)
def claims_without_an_owner(play: Play) -> None:
    """Checkouts that are ended by the clock between claim and commit, with a stream that repeats itself."""
    for name in ("ann", "bob"):
        play.cast(name, lambda play, name=name: Buyer(play, name, quantity="2").submit(1))  # type: ignore[misc]


def _an_upload(world: World, marks: Canaries) -> BatchId:
    """A card file that was just uploaded: four cards, one of them twice, one line that is none."""
    lines = [f"{marks.number},{marks.secret}".format(n=n) for n in (1, 2, 3, 1, 4)]
    made = open_import(world.deps, ImportOrder(product=world.product.id, sku=world.sku.id, by="ops"))
    world.deps.objects.put(made.job.incoming_key, "\n".join([*lines, "no card"]).encode(), "text/plain")
    return made.job.id


def _four_cards_once(play: Play) -> list[str]:
    job = ImportStore(play.cloud.new_container().tables).get(play.facts)
    found = (job.state.value, job.counts.new, job.counts.duplicate, left(play))
    wrong = [] if found == ("DONE", 4, 1, 4) else [f"the import ended as {found}"]
    return wrong + [f"{name} still holds plain cards" for name in play.cloud.bucket.files if not name.startswith("problems/")]


@scenario(_an_upload, then=_four_cards_once, share=0.3)
def one_upload_two_workers(play: Play) -> None:
    """The bucket's message comes twice: two workers, one file, each card once on sale."""
    for _ in range(2):
        play.cloud.queues["intake"].put(json.dumps({"import": play.facts}))
    play.cast("second worker", lambda play: play.work("intake"))


@scenario(_an_upload, habits=Habits(minutes=1), share=0.2)
def an_import_feeds_waiting_buyers(play: Play) -> None:
    """Buyers come while the only cards are still being sealed."""
    play.cloud.queues["intake"].put(json.dumps({"import": play.facts}))
    for name in ("ann", "bob"):
        play.cast(name, lambda play, name=name: Buyer(play, name).submit(4))  # type: ignore[misc]

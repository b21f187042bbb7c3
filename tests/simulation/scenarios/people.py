"""Guesses and grants: mailed codes under parallel tries."""

from faka.contexts.quotas.store import CODE_TRIES_MAX
from faka.platform.table import TableName
from tests.simulation.people import Browser
from tests.simulation.play import Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import CONTACT, mailed


def _five_tries_at_most(play: Play) -> list[str]:
    tries = [row["tries"] for row in play.cloud.rows(TableName.GUARD) if row["pk"].startswith("CODE#")]
    return [f"{count} tries at one code" for count in tries if count > CODE_TRIES_MAX]


@scenario(mailed(1, 2), then=_five_tries_at_most, share=0.5)
def guesses_at_a_mailed_code(play: Play) -> None:
    """Four people try digits for one mailed code at once: the tries are counted together."""
    browser = Browser(play, "asks")
    browser.post("/orders/mail", {"mail": CONTACT})
    for n in range(4):
        play.cast(f"guess {n}", lambda play, n=n: _guess(play, n))  # type: ignore[misc]


def _guess(play: Play, n: int) -> None:
    browser = Browser(play, f"guess {n}")
    for digits in (f"{n}00000", f"{n}11111"):
        browser.post("/orders/code", {"mail": CONTACT, "digits": digits})

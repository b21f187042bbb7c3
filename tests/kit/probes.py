"""A prober in a test's hand: says of each card what the test says, and remembers what it was asked."""

from collections.abc import Callable

from faka.contexts.intake import ProbeRow, Verdict
from faka.contexts.intake.probe import ProbeClosed
from faka.kernel.secret import Secret
from faka.wiring import Deps


class FakeProbe:
    """`says` answers for the text of a card; None: he does not answer at all."""

    def __init__(self, says: Callable[[str], Verdict | None] = lambda _: Verdict.GOOD) -> None:
        self.says = says
        self.asked: list[tuple[str, str]] = []
        self.look: Callable[[], None] = lambda: None
        """What the test looks at each time somebody is asked."""

    def ask(self, number: Secret, secret: Secret) -> Verdict:
        self.look()
        self.asked.append((number.reveal(), secret.reveal()))
        verdict = self.says(secret.reveal())
        if verdict is None:
            raise ProbeClosed("fake")
        return verdict

    def over(self, deps: Deps) -> Deps:
        """The same process, with this prober behind every row."""

        def opened(_row: ProbeRow) -> "FakeProbe":
            return self

        deps.__dict__["card_probe"] = opened
        return deps

"""Two engines told the same story; where they tell it differently, the class of the difference, or a failure that can be replayed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.differential.answers import Answer, whole
from tests.differential.doors import Door, ModelDoor
from tests.differential.requests import Request, Requests
from tests.differential.spoilers import DOES_THE_REST, documented
from tests.kit.engine import Engine, NotModelled


EPISODE = 60
"""Requests over one table before both begin anew: long enough for rows to meet, short enough to be read."""


@dataclass(frozen=True)
class Seen:
    answer: Answer
    rows: list[Any]
    """The rows that the request names, afterwards."""


@dataclass(frozen=True)
class Difference:
    request: Request
    model: Seen
    other: Seen

    def __str__(self) -> str:
        lines = [f"{self.request.verb} {self.request.wrong or 'well-formed'}", f"  {self.request.given}"]
        for name, seen in (("model", self.model), ("other", self.other)):
            lines.append(f"  {name}: {seen.answer}")
        lines += [f"  row: model {a}\n       other {b}" for a, b in zip(self.model.rows, self.other.rows, strict=True) if a != b]
        return "\n".join(lines)


@dataclass(frozen=True)
class Explained:
    """A class of differences of which it is known who is right."""

    name: str
    right: str
    why: str
    fits: Callable[[Difference], bool]


class Unexplained(AssertionError):
    """Nobody has said yet who is right."""


@dataclass
class Report:
    requests: int = 0
    not_modelled: int = 0
    refused: int = 0
    classes: Counter[str] = field(default_factory=Counter)

    def counts(self, classes: tuple[Explained, ...]) -> dict[str, Any]:
        """For the file of counts."""
        why = {each.name: {"right": each.right, "why": each.why} for each in classes}
        found = {name: {"count": count, **why[name]} for name, count in sorted(self.classes.items())}
        told = {"requests": self.requests, "refused": self.refused, "not_modelled": self.not_modelled}
        return {**told, "disagreements": self.classes.total(), "unexplained": 0, "classes": found}

    def lines(self) -> list[str]:
        told = [f"{self.requests} requests, {self.refused} of them refused, {self.not_modelled} left out as not documented"]
        return told + [f"  {count:>7}  {name}" for name, count in self.classes.most_common()]


def compare(
    seed: int,
    count: int,
    table: str,
    other: Door,
    *,
    classes: tuple[Explained, ...],
    model: Callable[[], Engine] = Engine,
    report: Report | None = None,
    begin: Callable[[], None],
    leaves_out: frozenset[str] = frozenset(),
) -> Report:
    """Tell both `count` requests, in episodes. Raises: Unexplained, with the line that replays it."""
    report = report or Report()
    told = 0
    while told < count:
        begin()
        pair = Pair(table, ModelDoor(model()), other, report)
        pair.tell(Requests(seed, table, leaves_out=leaves_out), min(EPISODE, count - told), classes, f"seed={seed}")
        told += EPISODE
        seed += 1
    return report


@dataclass
class Pair:
    """The model and another engine, each with the table."""

    table: str
    model: ModelDoor
    other: Door
    report: Report

    def tell(self, story: Requests, count: int, classes: tuple[Explained, ...], replay: str) -> None:
        for told, request in enumerate(story):
            if told == count:
                break
            self.report.requests += 1
            difference = self.ask(request, story)
            if difference is None:
                continue
            explained = next((each for each in classes if each.fits(difference)), None)
            if explained is None:
                raise Unexplained(f"{replay}, request {told}\n{difference}")
            self.report.classes[explained.name] += 1
            self.level()
        if whole(self.model.rows(self.table)) != whole(self.other.rows(self.table)):
            raise Unexplained(f"{replay}: the tables differ at the end")

    def ask(self, request: Request, story: Requests) -> Difference | None:
        """Both answers, if they differ. Raises: Unexplained where the model itself is against the documentation."""
        before = self._some(self.model, request)
        try:
            mine = self.model.ask(request.verb, request.given)
        except NotModelled:
            self.report.not_modelled += 1
            return None
        theirs = self.other.ask(request.verb, request.given)
        self.report.refused += bool(mine.error)
        story.hear(request, mine)
        found = Difference(request, Seen(mine, self._some(self.model, request)), Seen(theirs, self._some(self.other, request)))
        if request.wrong and not is_documented(request, mine):
            raise Unexplained(f"not what the guide says to it\n{found}")
        if (mine.error or request.wrong not in {"", *DOES_THE_REST}) and found.model.rows != before:
            raise Unexplained(f"a request that was not done changed rows\n{found}")
        return found if found.model != found.other else None

    def _some(self, door: ModelDoor | Door, request: Request) -> list[Any]:
        return door.some(self.table, request.keys) if request.keys else []

    def level(self) -> None:
        """After a difference: the other one's table as the model's."""
        mine, theirs = ({(str(row["pk"]), str(row["sk"])): row for row in door.rows(self.table)} for door in (self.model, self.other))
        for key in sorted(mine.keys() | theirs.keys()):
            row = mine.get(key)
            if row is None or key not in theirs or whole([row]) != whole([theirs[key]]):
                shown = row or theirs[key]
                self.other.put_back(self.table, {"pk": shown["pk"], "sk": shown["sk"]}, row)


def is_documented(request: Request, answer: Answer) -> bool:
    """Whether a request with one thing wrong got the answer that the guide gives to it."""
    if answer.error not in documented(request.verb, request.wrong):
        return False
    return not request.wrong.startswith("statement: ") or "ValidationError" in answer.reasons

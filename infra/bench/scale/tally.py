"""What was asked, refused and used, by step."""

from collections import defaultdict


class Tally(defaultdict[tuple[str, str, str], float]):
    """Counts by (step, what, of what).

    what: request, throttle, conflict (by verb) · touch (requests, by the kinds of rows in them) · write, index, read (units, by kind)
          full (rows that were throttled, by kind, or `index` where only the index had no room; of no step)
    """

    def __init__(self) -> None:
        super().__init__(float)

    def sum(self, what: str, *, step: str = "", of: frozenset[str] = frozenset()) -> float:
        return sum(n for (s, w, o), n in self.items() if w == what and (not step or s == step) and (not of or o in of))

    def touching(self, kinds: frozenset[str], *, step: str = "") -> int:
        """Requests that touch a row of any of these kinds."""
        return int(sum(n for (s, w, o), n in self.items() if w == "touch" and (not step or s == step) and kinds & set(o.split("+"))))

"""Reads rows one by one into compact facts, then asks the rules."""

from collections import defaultdict
from itertools import pairwise

from faka.contexts.orders.model import GIVES_BACK, TRANSITIONS, OrderState
from faka.platform.table import Item
from faka.steps.invariants.books import Books, Question, Violation


class Tally:
    def __init__(self) -> None:
        self._wrong: list[Violation] = []
        self._owned: dict[str, list[tuple[int, int, str]]] = defaultdict(list)

    def take_all(self, books: Books) -> None:
        for row in books.trade:
            if row["sk"] == "ORDER":
                self._order(row)
        for row in books.journal:
            if row["sk"] == "TXN":
                self._entry(row)

    def violations(self, _question: Question) -> list[Violation]:
        for places in self._owned.values():
            places.sort()
            for (_, end, one), (start, _, other) in pairwise(places):
                if start < end:
                    self._wrong.append(Violation("I1", other, f"card {start} is also {one}'s"))
        return sorted(self._wrong, key=lambda each: int(each.invariant[1:]))

    def _order(self, row: Item) -> None:
        states = [line.split(" ", 2)[1] for line in row.get("log", ())]
        for before, after in pairwise(states):
            if before != after and after not in TRANSITIONS[OrderState(before)]:
                self._wrong.append(Violation("I6", row["id"], f"{before} to {after}"))
        for _, _, start, count, _, _ in row.get("runs", ()):
            self._owned[row["sku_id"]].append((start, start + count, row["id"]))
        if row["state"] in GIVES_BACK and row.get("runs"):
            self._wrong.append(Violation("I1", row["id"], f"{row['state']} and still owns cards"))
        if row["state"] == "COMPLETED" and sum(run[3] for run in row["runs"]) != row["quantity"]:
            self._wrong.append(Violation("I1", row["id"], "completed without all its cards"))

    def _entry(self, row: Item) -> None:
        sums = {"D": 0, "C": 0}
        for line in row["lines"]:
            sums[line["side"]] += line["amount_minor"]
        if sums["D"] != sums["C"]:
            self._wrong.append(Violation("I3", row["id"], f"debit {sums['D']}, credit {sums['C']}"))

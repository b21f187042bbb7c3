"""Reads rows one by one into compact facts, then asks the rules.

Time:    one look at each row, and sorting of the ranges of cards: 1,000,000 rows take about as long as their transport.
Memory:  bounded by the rows that it takes; `facts` says what is kept of one.
"""

from collections.abc import Iterable

from faka.platform.table import Item, TableName
from faka.steps.invariants import goods, limits, money, orders, overdue, withheld
from faka.steps.invariants.books import Books, Question, Violation
from faka.steps.invariants.facts import Facts
from faka.steps.invariants.reading import read


class Tally:
    """Take all rows, in any order, then ask once."""

    def __init__(self) -> None:
        self._facts = Facts()

    def take(self, table: TableName, rows: Iterable[Item]) -> None:
        facts = self._facts
        for row in rows:
            read(facts, table, row)

    def take_all(self, books: Books) -> None:
        for table in TableName:
            self.take(table, getattr(books, table.value))

    def violations(self, question: Question) -> list[Violation]:
        """In the order of their numbers, each once."""
        for rule in (goods, withheld, money, orders, limits, overdue):
            rule.check(self._facts, question)
        return sorted(dict.fromkeys(self._facts.wrong), key=lambda each: (int(each.invariant[1:]), each.subject))

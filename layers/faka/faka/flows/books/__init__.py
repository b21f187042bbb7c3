"""Reading the books: balances, whose money it is, what was earned, what happened to one account; and closing a day.

Everything here reads the whole journal page by page. There is no index beside it on purpose: one would cost every sale two more writes
(its entries under each account, or its day), for questions that people ask a few times a day and one close at night. What must be
answered at once has its own rows: an order's money stands in the order, a wallet's statement beside the wallet, and the profit of one
order is a handful of transactions whose names are known.
"""

from faka.flows.books.account import Statement, statement
from faka.flows.books.balance import BooksUneven, TrialBalance, trial_balance
from faka.flows.books.close import ClosedDayChanged, DayNotOver, LaterDayClosed, close_day
from faka.flows.books.owners import OwnersView, customers_money
from faka.flows.books.profit import Profit, profit_of_day, profit_of_order


__all__ = [
    "BooksUneven",
    "ClosedDayChanged",
    "DayNotOver",
    "LaterDayClosed",
    "OwnersView",
    "Profit",
    "Statement",
    "TrialBalance",
    "close_day",
    "customers_money",
    "profit_of_day",
    "profit_of_order",
    "statement",
    "trial_balance",
]

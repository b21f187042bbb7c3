"""Customers' money and own money, apart: what lies with us and at providers, and who of it is whose."""

from faka.contexts.ledger.balances import Totals
from faka.contexts.ledger.chart import AccountClass, Whose, family_of, plan_listed
from faka.flows.books.balance import total_of
from faka.kernel.model import Frozen
from faka.wiring import Deps


class Held(Frozen):
    account: str
    minor: int


class OwnersView(Frozen):
    """One currency. `own = there - customers - suppliers - agents`, of money that is really there."""

    currency: str
    at_providers: tuple[Held, ...]
    """What each provider owes us: our money and our customers' together."""
    in_banks: tuple[Held, ...]
    customers: tuple[Held, ...]
    """What is a customer's: kept for an order, in a wallet, on its way back, or of nobody known."""
    suppliers_minor: int
    agents_minor: int

    @property
    def there_minor(self) -> int:
        return sum(one.minor for one in (*self.at_providers, *self.in_banks))

    @property
    def customers_minor(self) -> int:
        return sum(one.minor for one in self.customers)

    @property
    def own_minor(self) -> int:
        """Below zero when others are owed more than there is."""
        return self.there_minor - self.customers_minor - self.suppliers_minor - self.agents_minor

    @property
    def is_covered(self) -> bool:
        """Customers could all be paid at this moment."""
        return self.there_minor >= self.customers_minor


def customers_money(deps: Deps) -> tuple[OwnersView, ...]:
    """The view of every currency in the books. Raises: as `trial_balance`."""
    return owners_of(total_of(deps))


def owners_of(totals: Totals) -> tuple[OwnersView, ...]:
    return tuple(_view(totals, currency) for currency in sorted({name.rpartition("/")[2] for name in totals.names}))


def _view(totals: Totals, currency: str) -> OwnersView:
    names = [name for name in totals.names if name.endswith(f"/{currency}")]
    owed = [name for name in names if plan_listed(name).of is AccountClass.LIABILITY]
    return OwnersView(
        currency=currency,
        at_providers=_held(totals, [name for name in names if plan_listed(name).whose is Whose.PROVIDERS]),
        in_banks=_held(totals, [name for name in names if family_of(name) == "bank:*"]),
        customers=_held(totals, [name for name in owed if plan_listed(name).whose is Whose.CUSTOMERS]),
        suppliers_minor=sum(totals.balance(name) for name in owed if plan_listed(name).whose is Whose.SUPPLIERS),
        agents_minor=sum(totals.balance(name) for name in owed if plan_listed(name).whose is Whose.AGENTS),
    )


def _held(totals: Totals, names: list[str]) -> tuple[Held, ...]:
    return tuple(Held(account=name, minor=totals.balance(name)) for name in names)

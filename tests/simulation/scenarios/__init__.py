"""What happens in the shop, a file for each theme. Importing this registers all of it."""

from tests.simulation.scenarios import checkout, goods, money, night, people, persons, recharges, refunds, upkeep, wallets


__all__ = ["checkout", "goods", "money", "night", "people", "persons", "recharges", "refunds", "upkeep", "wallets"]

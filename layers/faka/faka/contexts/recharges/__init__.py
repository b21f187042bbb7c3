"""Recharges: orders whose goods a supplier sends to an account of the buyer's."""

from faka.contexts.recharges.model import Attempt, Recharge, RechargeState, number_of, order_of, recharge_id, recharge_of
from faka.contexts.recharges.rule import Effect, Heard, Word, after
from faka.contexts.recharges.store import RechargeExists, RechargeMissing, RechargeMoved, RechargeStore


__all__ = [
    "Attempt",
    "Effect",
    "Heard",
    "Recharge",
    "RechargeExists",
    "RechargeMissing",
    "RechargeMoved",
    "RechargeState",
    "RechargeStore",
    "Word",
    "after",
    "number_of",
    "order_of",
    "recharge_id",
    "recharge_of",
]

"""Kinds of goods. Catalogue, stock, orders and fulfilment all branch on them, so the word lives on the ground floor."""

from enum import StrEnum


class DeliveryKind(StrEnum):
    CARD = "CARD"
    LINK = "LINK"
    DIRECT_RECHARGE = "DIRECT_RECHARGE"
    MANUAL_RECHARGE = "MANUAL_RECHARGE"
    VOUCHER = "VOUCHER"
    BUNDLE = "BUNDLE"

    @property
    def is_sealed(self) -> bool:
        """Whether the goods are sealed secrets that leave stock by number."""
        return self in (DeliveryKind.CARD, DeliveryKind.LINK)

    @property
    def goes_to_account(self) -> bool:
        """Whether the goods go to an account of the buyer's, which he must name."""
        return self in (DeliveryKind.DIRECT_RECHARGE, DeliveryKind.MANUAL_RECHARGE)

"""What the reveal door must be told. A missing value stops the cold start."""

from faka.wiring import ShopSettings


class RevealSettings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_vault: str
    faka_table_journal: str
    faka_table_guard: str
    faka_kms_card_key: str
    faka_shop_url: str

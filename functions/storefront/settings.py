"""What the storefront must be told. A missing value stops the cold start."""

from faka.wiring import ShopSettings


class StorefrontSettings(ShopSettings):
    faka_table_catalog: str
    faka_table_trade: str
    faka_table_guard: str
    faka_table_journal: str
    faka_kms_index_key: str
    faka_shop_url: str
    faka_notify_url: str
    faka_mail_from: str
    faka_function_recharge: str
    faka_machine_recharge: str

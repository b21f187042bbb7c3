"""A function's settings: one frozen model, read once at start. A missing or wrong value stops the cold start."""

import os
from collections.abc import Mapping
from typing import Self

from pydantic import ValidationError

from faka.kernel.errors import Broken
from faka.kernel.model import Frozen
from faka.platform.table import TableName


class SettingsMissing(Broken):
    """An environment value that this function needs is missing or malformed; the message names it, never its value."""


class Settings(Frozen):
    """Fields carry the names of their environment values in lower case: `faka_shop_url` is FAKA_SHOP_URL."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        given = {name: env[name.upper()] for name in cls.model_fields if name.upper() in env}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = sorted({str(fault["loc"][0]).upper() for fault in error.errors(include_input=False, include_url=False)})
            raise SettingsMissing(f"environment: {', '.join(wrong)}") from None


class TableSettings(Settings):
    """Physical names of the five tables; a function that never touches one leaves it empty."""

    faka_table_catalog: str = ""
    faka_table_trade: str = ""
    faka_table_vault: str = ""
    faka_table_journal: str = ""
    faka_table_guard: str = ""

    def table_names(self) -> dict[TableName, str]:
        return {name: getattr(self, f"faka_table_{name.value}") for name in TableName if getattr(self, f"faka_table_{name.value}")}


class ShopSettings(TableSettings):
    """Everything that any function may be told. A function's own settings redeclare, without default, what it needs."""

    faka_kms_card_key: str = ""
    faka_kms_fingerprint_key: str = ""
    faka_kms_index_key: str = ""
    faka_shop_url: str = ""
    faka_notify_url: str = ""
    faka_event_bus: str = ""
    faka_bucket_intake: str = ""
    faka_bucket_books: str = ""
    faka_queue_intake: str = ""
    faka_machine_reconciliation: str = ""
    faka_machine_recharge: str = ""
    faka_machine_restock: str = ""
    faka_function_recharge: str = ""
    faka_mail_from: str = ""
    faka_hold_ttl_s: int = 900
    faka_holds_max: int = 5
    faka_held_cards_max: int = 20
    faka_outbound_loopback: str = ""

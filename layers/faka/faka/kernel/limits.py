"""Every bound of the shop, each with its reason. A number without a reason does not belong here."""

AMOUNT_MINOR_MAX = 100_000_000_00
"""Alipay takes up to 1e8 yuan for one trade; nothing in this trade is sold above that."""

ORDER_CARDS_MAX = 500
"""Cards in one order. 500 cards are 63 pages, which one BatchGetItem (100 keys) reads; larger sales are bulk orders."""

TEXT_NAME_MAX = 80
"""Product and SKU names: Alipay's subject takes 256 bytes, and 80 Chinese characters are 240."""

TEXT_BODY_MAX = 20_000
"""Descriptions and guides: both languages of a product stay far below the 400 KB item bound."""

CONTACT_MAX = 120
"""A mail address is at most 254 by standard; nobody types more than 120, and a bound keeps rows small."""

TRANSACTION_ITEMS_MAX = 100
"""DynamoDB's bound for TransactWriteItems."""

BATCH_GET_MAX = 100
"""DynamoDB's bound for BatchGetItem."""

BATCH_WRITE_MAX = 25
"""DynamoDB's bound for BatchWriteItem and BatchExecuteStatement."""

PAGE_MAX = 100
"""Rows of one page of any list, so that one answer stays below 1 MB and renders in one screenful or a few."""

WRITE_TRIES_MAX = 8
"""Own tries for a throttled or conflicting write: 20 ms doubled to 0.6 s with full jitter sums to about 1.5 s, below
the patience of a payment provider (5 s)."""

WRITE_PAUSE_MS_MIN = 20
WRITE_PAUSE_MS_MAX = 600
"""Ends of the jittered pause; measured in a partition model against the SDK's own back-off, which starts at up to a
second and gives half the rate on a hot row."""

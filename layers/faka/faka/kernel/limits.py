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

CORRECTIONS_MAX = 3
"""Accounts that a buyer may name after the first. Who has been wrong four times does not know it, and each costs suppliers an order."""

# --- catalogue -----------------------------------------------------------------------------------------------------

TEXT_LINE_MAX = 200
"""One-line texts longer than a name: summaries. Two lines on a phone; a tile shows no more."""

PRODUCT_BYTES_MAX = 300_000
"""One stored product. The texts' own bounds times four bytes a character would pass the 400 KB item bound; this cannot."""

SKUS_MAX = 40
"""SKUs of one product. Publishing writes one ownership row for each, with three more rows in one transaction of 100."""

SHARDS_MAX = 16
"""Heads of one SKU. One head takes about 1,000 claims a second; sixteen are more than one door can hand on."""

PRODUCTS_MAX = 5_000
"""Products of one shop: the listing is read whole, 100 rows a page, and kept for two seconds."""

CATEGORIES_MAX = 500
CATEGORY_DEPTH_MAX = 4
"""The tree is one row: 500 nodes with two names of 80 characters stay below 400 KB even in emoji. Nobody finds a product
below the fourth level, and a bound makes every walk of the tree end."""

CHANNELS_MAX = 20
"""Payment channels of one shop: more than a page can offer and few enough to read in one page."""

CATALOG_CACHE_S = 2
CATALOG_CACHE_MAX = 256
"""How long and how many products a warm process may answer from memory. Checkout reads past it; a page may lag an edit
by this much, and a schedule not at all, because the shelf time is compared with the clock at each request."""

SHELF_PAGE = 60
"""Tiles of one listing page: 1,200 DOM nodes are the page's budget and a tile takes about fifteen."""

STOCK_FEW = 10
"""Below ten cards a page says that few are left: ten is the usual limit of one order, so one more buyer can end it."""

BULK_PRODUCTS_MAX = 500
BULK_TRANSACTION_PRODUCTS = 30
BULK_TRANSACTION_BYTES = 3_000_000
"""A bulk edit names at most 500 products, so that its change row stays small. One transaction takes 30 of them (three rows
each, below 100 items) or fewer when their texts are long (the service's bound is 4 MB)."""

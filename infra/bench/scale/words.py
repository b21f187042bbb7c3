"""What the tables say, in English and Chinese. Figures stand in both alike."""

FIGURES: dict[str, tuple[str, str]] = {
    "reserve_1": ("hold one card: requests / write units", "占用一张卡：请求数 / 写单位"),
    "reserve_20": ("hold 20 cards: requests / write units", "占用 20 张卡：请求数 / 写单位"),
    "reserve_500": ("hold 500 cards: requests / write units", "占用 500 张卡：请求数 / 写单位"),
    "confirm": ("confirm: requests / write units", "确认付款：请求数 / 写单位"),
    "whole_1": ("the claim's part of an order of one: hot requests / write / read units", "一张卡订单中取卡部分：热路径请求 / 写 / 读单位"),
    "whole_20": ("the same for 20 cards", "同上，20 张卡"),
    "whole_500": ("the same for 500 cards", "同上，500 张卡"),
    "attempts": ("attempts a claim, 1,000 buyers at once on 4 shards", "每次取卡的尝试次数，1,000 人同时，4 个分片"),
    "per_shard": ("claims/s of one shard that is asked for 1,300", "单分片在每秒 1,300 次请求下的取卡数/秒"),
    "p99": ("p99 of a claim at 800/s a shard, ms", "取卡 p99，每分片每秒 800 次，毫秒"),
    "sixteen": ("16 shards by one shard", "16 个分片与单个分片之比"),
    "flat": ("largest difference between stocks of 1k and 10M", "库存从 1k 到 10M 的最大差别"),
    "aged": ("the same after 1M were sold", "同上，已售出 1M 之后"),
    "false": ("told sold out although there was enough", "有货却答售罄"),
    "twice": ("cards sold twice", "一卡多卖"),
    "expiry": ("requests of each of 1,000 holds that expire", "1,000 个占用到期时每个的请求数"),
    "repeat": ("requests of a notice that comes again", "重复通知的请求数"),
    "head_bytes": ("bytes of a full head row", "库存头写满时的字节数"),
    "crashes": ("cards in two places or none, after a crash at any call", "任一调用处崩溃后重复或丢失的卡"),
    "guards": ("removed guards that a test notices", "移除后被测试发现的保护"),
}

WHY: dict[str, tuple[str, str]] = {
    "reserve_1": (
        "the order is written in one transaction with its payment and the buyer's quota, at double units",
        "订单与支付、限额同在一个事务中写入，单位加倍",
    ),
    "confirm": (
        "the order is read strongly first, and written in one transaction with the money",
        "先强一致读取订单，再与资金同在一个事务中写入",
    ),
    "whole_1": (
        "transactions as above; the journal has two rows a claim; opening reads the batch beside the page",
        "事务同上；日志每次取卡两行；开卡除卡页外还读批次",
    ),
    "whole_500": ("as above, and pages of eight cards read a unit each", "同上，且每八张卡一页，每页一个读单位"),
    "expiry": (
        "each order is asked for at its provider and returned by itself, because money in flight must find its cards",
        "每个订单都要向支付渠道查询并单独归还，因为在途的钱必须找得到卡",
    ),
}
WHY |= {"reserve_20": WHY["reserve_1"], "reserve_500": WHY["reserve_1"], "whole_20": WHY["whole_500"]}
"""Why a target is missed that is missed now."""

MET = {True: ("met", "达到"), False: ("**missed**", "**未达到**"), None: ("by a test", "由测试证明")}

WORDS: dict[str, str] = {
    "figure": "指标",
    "target": "目标",
    "measured": "实测",
    "verdict": "结论",
    "why": "原因",
    "shards": "分片",
    "buyers": "买家",
    "cards": "卡数",
    "1,000 buyers: claims/s": "1,000 人：取卡/秒",
    "5,000 buyers: claims/s": "5,000 人：取卡/秒",
    "attempts": "尝试",
    "throttles": "限流",
    "busy": "请重试",
    "p50 / p99 / p99.9 ms": "p50 / p99 / p99.9 毫秒",
    "1k to 10M": "1k 至 10M",
    "offered/s": "请求/秒",
    "claims/s at once": "立刻：取卡/秒",
    "p99 ms at once": "立刻：p99 毫秒",
    "claims/s after ten minutes": "十分钟后：取卡/秒",
    "p99 ms after": "之后 p99 毫秒",
    "by one shard": "与单分片之比",
    "scene": "场景",
    "served": "成交",
    "told sold out": "答售罄",
    "falsely": "误答",
    "sold twice": "重复售出",
    "requests a buyer": "请求/人",
    "write / read units a sale": "写 / 读单位/单",
    "left to the sweep": "留给巡检",
    "orders ms": "订单毫秒",
    "requests": "请求",
    "write / index / read units": "写 / 索引 / 读单位",
    "US$ a million": "美元/百万单",
    "paid for": "计费项",
    "database writes": "数据库写",
    "database reads": "数据库读",
    "API requests": "API 请求",
    "functions": "函数",
    "keys and secrets": "密钥与机密",
    "events": "事件",
    "logs": "日志",
    "together": "合计",
    "warm": "热实例",
    "cold instances": "冷实例",
    "after many were sold": "售出很多之后",
    "stock of 10M": "库存 10M",
    "fewer cards than buyers": "卡少于买家",
    "epay": "易支付",
    "each notice twice": "每个通知来两次",
    "20 cards an order": "每单 20 张",
    "500 cards an order": "每单 500 张",
    "rush": "抢购",
    "rush on new tables": "新表上抢购",
    "plenty, each buyer on a cold instance": "货足，每人一个冷实例",
    "plenty, after many were sold": "货足，已售出很多",
    "many for the last few": "多人抢最后几张",
    "ten cards on one shard": "单分片十张卡",
    "500 cards an order, just enough": "每单 500 张，刚好够",
    "500 cards an order, too few": "每单 500 张，不够",
    "five cards an order, too few": "每单五张，不够",
    "storm, sold out is remembered": "售罄风暴，记住售罄",
    "storm, nothing is remembered": "售罄风暴，不记",
    "a new table": "新表",
    "claims/s": "取卡/秒",
    "returns/s": "归还/秒",
    "claims ms": "取卡毫秒",
    "conflicts at the head": "库存头冲突",
    "returned": "已归还",
    "return ms": "归还毫秒",
    "requests a return": "请求/归还",
    "holds": "占用",
    "sweeps": "巡检次数",
    "minutes": "分钟",
    "requests each": "每个请求数",
    "questions to the provider each": "每个问渠道次数",
    "write / read units each": "每个写 / 读单位",
    "log rows that wait for room": "等待空位的日志行",
}


def said(text: str, lang: str) -> str:
    """Raises: KeyError for a sentence without Chinese words."""
    return text if lang == "en" else WORDS[text]


def told(pair: tuple[str, str], lang: str) -> str:
    return pair[0] if lang == "en" else pair[1]

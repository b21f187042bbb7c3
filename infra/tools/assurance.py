"""The README's table of what was tried and what broke: the figures that `make report KEEP=1` kept of the last whole test run."""

import json
from collections.abc import Iterator

from infra.tools.template import ROOT


KEPT = ROOT / "tests" / "assurance.json"

HEAD = {
    "en": ["what is done, and what it must not break", "done", "broken", "seconds of one processor"],
    "zh": ["做了什么（结果不得破坏任何承诺）", "次数", "破坏", "单核秒数"],
}

CHINESE = {
    "schedules by seed (different ones)": "按种子运行的调度（互不相同的）",
    "calls in them, at each of which others may go first": "其中的调用，每一次都可能让别人先行",
    "deaths of a process in them": "其中的进程死亡",
    "failures of a service in them": "其中的服务故障",
    "verdicts over all tables": "对所有表的判定",
    "seeds run twice, to the same calls and rows": "运行两次且调用与数据行完全相同的种子",
    "schedules of pairs, none with up to two switches left out (pairs that ended)": "成对的调度，两次切换以内无一遗漏（已穷尽的对数）",
    "branches of flows taken apart (their calls)": "逐一拆解的流程分支（其中的调用）",
    "deaths before and after each of these calls": "在每次调用之前和之后死亡",
    "failures of the service at each of these calls": "每次调用处的服务故障",
    "second deaths, of whoever took over": "接手者再次死亡",
    "of these, aimed at a call that the run then avoided": "其中瞄准而运行未经过的调用",
    "mistakes of other shops planted (seen by a walk, by a crash)": "植入的同行错误（由随机调度发现、由崩溃发现）",
    "notices delivered again": "重复送达的支付通知",
    "attacks on the twelve checks (cells of channel, check and surface; absent with a reason)": (
        "针对十二项核验的攻击（渠道、核验项与来源的单元格；注明原因而不存在的）"
    ),
    "forged and twisted callbacks, no two alike, through the door (channels)": "经由入口的伪造与变形回调，互不相同（渠道个数）",
    "requests made from the API documents": "由 API 文档生成的请求",
    "inputs made up for parsers (parsers)": "为解析器生成的输入（解析器个数）",
    "bytes searched for secrets while calls failed": "调用失败时被检索密文泄露的字节",
    "operations on the table model, against moto and the local cloud": "表模型与 moto、本地云对比的操作",
    "hostile values sent to doors, addresses and cells": "发往入口、地址与单元格的恶意值",
    "rights of roles that tests have used (waived with a reason)": "测试用到的角色权限（有理由豁免的）",
}


def rows(lang: str) -> Iterator[list[str]]:
    """The head, then a row for each kind of proof. Raises: KeyError for a kind that has no Chinese words yet."""
    yield HEAD[lang]
    for what, tried, broken, seconds in json.loads(KEPT.read_text()) if KEPT.exists() else ():
        yield [CHINESE[what] if lang == "zh" else what, tried, str(broken), seconds or "–"]

"""`python -m infra.tools.readme`: write the tables of both READMEs from the template, the runbooks and the code.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; `--check` only says which tables are out of date.
Chinese words for what the template and the runbooks say in English stand in `WORDS` below; an unknown sentence is an error, so that
neither edition falls behind.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.pofile import read_po

import faka
from faka.kernel.errors import FakaError
from infra.bench.scale import report
from infra.tools import assurance
from infra.tools.template import ALARM, ROOT, Statement, Template


EDITIONS = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
CATALOGUE = ROOT / "layers/pages/pages/locale/zh_CN/LC_MESSAGES/messages.po"
RUNBOOKS = ROOT / "infra/runbooks"
_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

WORDS = {
    "function": "函数",
    "cards": "卡密",
    "hashes": "哈希",
    "sends": "外发",
    "open": "解密",
    "seal": "加密",
    "yes": "可",
    "append": "追加",
    "providers": "支付渠道",
    "suppliers": "供应商",
    "staff": "通知渠道",
    "mail": "邮件",
    "events": "事件",
    "parameter": "参数",
    "default": "默认值",
    "meaning": "含义",
    "alarm and its runbook": "告警与手册",
    "what has happened": "发生了什么",
    "answer": "状态码",
    "codes": "错误码",
    "what a person reads": "用户看到的话",
    "Name of this installation; part of the names of its API stages, event bus, log groups and bucket.": (
        "本次部署的名字，用于 API 阶段、事件总线、日志组和存储桶的名称。"
    ),
    "Public base of the shop, without a slash at its end. Mails and payment providers send people here.": (
        "商店的公开地址，末尾不带斜杠。邮件和支付渠道把人引到这里。"
    ),
    "Public base of the callback API, without a slash at its end. Payment providers send their notices here.": (
        "回调 API 的公开地址，末尾不带斜杠。支付渠道把异步通知发到这里。"
    ),
    "Sender of all mails; this address or its domain must be a verified SES identity.": (
        "所有邮件的发件人；该地址或其域名必须是 SES 中已验证的身份。"
    ),
    "the deliver dead-letter queue is not empty": "邮件投递的死信队列不为空",
    "the trade stream is announced late": "交易表的变更通知滞后",
    "the fulfil dead-letter queue is not empty": "发货的死信队列不为空",
    "a paid order has waited for its cards": "有已付款订单在等卡密",
    "a function ended with an error": "有函数以错误结束",
    "functions are turned away": "函数调用被限流拒绝",
    "the intake dead-letter queue is not empty": "入库的死信队列不为空",
    "many notices fail their signature": "大量异步通知验签失败",
    "payment notices are answered with faults": "异步通知被应答为故障",
    "a payment provider does not answer": "支付渠道没有应答，暂停接新单",
    "a case is open for more than a day": "有工作单超过一天未处理",
    "the relay dead-letter queue is not empty": "事件转发的死信队列不为空",
    "the shop answers with faults of its own": "商店自身应答故障",
    "a paid order has no end state": "有已付款订单没有到达终态",
    "the sweep dead-letter queue is not empty": "巡检的死信队列不为空",
    "nothing has swept for five minutes": "巡检已有五分钟没有运行",
    "the auditor dead-letter queue is not empty": "夜间审计的死信队列不为空",
    "the books break a promise": "账目违反了一条承诺",
    "the auditor did not look at everything": "夜间审计没有看完全部数据",
    "no audit was finished for 26 hours": "已有 26 小时没有完成一次夜间审计",
    "the closing dead-letter queue is not empty": "日结的死信队列不为空",
    "the books of a day do not fit and stay open": "账目对不上，当日没有日结",
    "no day's books were closed for 26 hours": "已有 26 小时没有完成一次日结",
    "the bills dead-letter queue is not empty": "账单下载的死信队列不为空",
    "staff have not been told of something": "有消息未能送达工作人员",
    "a route to staff refuses messages": "某个通知渠道拒收消息",
    "nobody has looked at stock and suppliers for five minutes": "已有五分钟没有巡查库存和供应商",
    "suppliers could not be graded": "供应商评级未能完成",
    "the supply function's dead-letter queue is not empty": "供货巡查的死信队列不为空",
    "the machine of a purchase gave up a step": "采购卡密的流程有一步未能完成",
    "the machine of a recharge gave up a step": "充值流程的一个步骤失败",
    "a supplier of top-ups is passed by": "有充值供应商被暂停派单",
    "an account is not reconciled": "有渠道账户没有完成对账",
    "no day was reconciled for 26 hours": "已有 26 小时没有完成一次对账",
    "so much looked wrong that nothing was repaired": "差异过多，熔断后没有补单",
    "a difference with a provider has been open for more than two days": "与渠道的差异超过两天未处理",
}


class Untranslated(Exception):
    """The Chinese edition has no words for a sentence; add them to `WORDS`."""


def said(text: str, lang: str) -> str:
    """Raises: Untranslated."""
    if lang == "en":
        return text
    if text not in WORDS:
        raise Untranslated(text)
    return WORDS[text]


# -- tables -------------------------------------------------------------------------------------------------------


def functions(lang: str) -> Iterator[list[str]]:
    """What each function may do, read off its role."""
    template = Template()
    tables = ("Catalog", "Trade", "Vault", "Journal", "Guard")
    yield [said("function", lang), *(table.lower() for table in tables), *(said(name, lang) for name in ("cards", "hashes", "sends"))]
    for function in template.functions():
        role = template.role(function)
        sends = [said(name, lang) for name, (action, of) in SENDS.items() if any(one.allows(action) and _names(one, of) for one in role)]
        opens = next((said(word, lang) for word, action in OPENS.items() if _may(role, action, "CardKey")), "–")
        hashes = said("yes", lang) if any(_may(role, "kms:GenerateMac", key) for key in ("IndexKey", "FingerprintKey")) else "–"
        rights = [said(right, lang) if right == "append" else right for right in (table_rights(role, table) for table in tables)]
        yield [f"`{function.removesuffix('Function').lower()}`", *rights, opens, hashes, ", ".join(sends) or "–"]


SENDS = {
    "providers": ("secretsmanager:GetSecretValue", "faka/channels/"),
    "suppliers": ("secretsmanager:GetSecretValue", "faka/suppliers/"),
    "staff": ("secretsmanager:GetSecretValue", "faka/alerts/"),
    "mail": ("ses:SendEmail", ""),
    "events": ("events:PutEvents", ""),
}
"""Where a function can reach out to, by the action without which it could not, and what that must name."""
OPENS = {"open": "kms:Decrypt", "seal": "kms:GenerateDataKey"}


def table_rights(role: list[Statement], table: str) -> str:
    on_it = [one for one in role if f"{table}Table" in one.targets]
    if any(one.allows("dynamodb:UpdateItem") or (one.allows("dynamodb:GetItem") and one.allows("dynamodb:PutItem")) for one in on_it):
        return "RW"
    if any(one.allows(action) for one in on_it for action in ("dynamodb:PutItem", "dynamodb:PartiQLInsert")):
        return "append"
    reads = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan")
    return "R" if any(one.allows(action) for one in on_it for action in reads) else "–"


def _names(one: Statement, what: str) -> bool:
    return any(what in text for text in one.targets)


def _may(role: list[Statement], action: str, target: str) -> bool:
    return any(one.allows(action) and target in one.targets for one in role)


def parameters(lang: str) -> Iterator[list[str]]:
    """What an installation is told."""
    yield [said(name, lang) for name in ("parameter", "default", "meaning")]
    for name, one in Template().document["Parameters"].items():
        yield [f"`{name}`", f"`{one['Default']}`" if "Default" in one else "–", said(one["Description"], lang)]


def alarms(lang: str) -> Iterator[list[str]]:
    """Each alarm with its page."""
    yield [said(name, lang) for name in ("alarm and its runbook", "what has happened")]
    for name, alarm in Template().of_type(ALARM).items():
        page = str(alarm["Properties"]["AlarmDescription"])
        _, _, meaning = (ROOT / page).read_text(encoding="utf-8").splitlines()[0].partition(": ")
        yield [f"[{name.removesuffix('Alarm')}]({page})", said(meaning, lang)]


def errors(lang: str) -> Iterator[list[str]]:
    """Every outcome that is not success, by what is told to people."""
    with CATALOGUE.open("rb") as file:
        chinese = {message.id: message.string for message in read_po(file)}
    yield [said(name, lang) for name in ("answer", "what a person reads", "codes")]
    told: dict[tuple[int, str], list[str]] = {}
    for one in sorted(outcomes(), key=lambda one: one.code()):
        told.setdefault((one.http_status, one.public_message), []).append(f"`{one.code()}`")
    for (status, message), codes in sorted(told.items()):
        text = str(chinese.get(message) or "") if lang == "zh" else message
        if not text:
            raise Untranslated(message)
        yield [str(status), text, " ".join(codes)]


def outcomes() -> set[type[FakaError]]:
    for module in pkgutil.walk_packages(faka.__path__, "faka."):
        importlib.import_module(module.name)
    found: set[type[FakaError]] = set()
    level: set[type[FakaError]] = {FakaError}
    while level:
        level = {below for one in level for below in one.__subclasses__() if below.__module__.startswith("faka.")} - found
        found |= level
    return {one for one in found if not one.__name__.startswith("_")}


TABLES: dict[str, Callable[[str], Iterator[list[str]]]] = {
    "functions": functions,
    "parameters": parameters,
    "alarms": alarms,
    "errors": errors,
    "assurance": assurance.rows,
    **{name: report.last(name) for name in report.TABLES},
}


# -- files --------------------------------------------------------------------------------------------------------


def table(name: str, lang: str) -> str:
    rows = list(TABLES[name](lang))
    lines = [" | ".join(row) for row in rows]
    lines.insert(1, " | ".join("---" for _ in rows[0]))
    return "".join(f"| {line} |\n" for line in lines)


def rewritten(text: str, lang: str) -> str:
    return _BLOCK.sub(lambda block: block[1] + table(block[2], lang) + block[3], text)


def stale() -> list[Path]:
    """Editions whose tables are not what the code says."""
    return [
        place for lang, place in EDITIONS.items() if rewritten(place.read_text(encoding="utf-8"), lang) != place.read_text(encoding="utf-8")
    ]


def main() -> int:
    if "--check" in sys.argv:
        for place in stale():
            print(f"{place.name}: tables are out of date; python -m infra.tools.readme")
        return len(stale())
    for lang, place in EDITIONS.items():
        place.write_text(rewritten(place.read_text(encoding="utf-8"), lang), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

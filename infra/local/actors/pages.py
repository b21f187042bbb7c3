"""The players' pages: plain forms, both languages, no script."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from infra.local.actors.bank import Trade
from infra.local.actors.courier import Entry
from infra.local.actors.desk import Desk
from infra.local.actors.spelling import yuan


_STYLE = """
:root{color-scheme:light dark;--line:#8884;--accent:#0958d9}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem}
h1{font-size:1.25rem}h2{font-size:1rem}.amount{font-size:2rem;font-weight:650;font-variant-numeric:tabular-nums}
form{display:grid;gap:.5rem;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));margin:1rem 0}
button{font:inherit;padding:.6rem .8rem;border:1px solid var(--line);border-radius:.5rem;
background:none;color:inherit;cursor:pointer;text-align:left}
button.first{grid-column:1/-1;background:var(--accent);border-color:var(--accent);color:#fff;text-align:center;font-weight:600;padding:.8rem}
label{grid-column:1/-1;display:flex;gap:.5rem;align-items:center;flex-wrap:wrap}input{font:inherit;width:7rem;padding:.3rem}
table{border-collapse:collapse;width:100%;font-size:.875rem}
td,th{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:left;vertical-align:top}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid var(--line);border-radius:.5rem;
padding:.75rem;font:14px/1.5 ui-monospace,monospace}
.note{border-left:3px solid var(--accent);padding:.25rem .75rem}.quiet{opacity:.7}code{overflow-wrap:anywhere}
"""

LATE_S = 1000
"""Later than the shop's 15 minutes of patience and its minute of grace."""

_WORDS = {
    "zh": {
        "title": "模拟收银台",
        "play": "这里没有真钱：每个按钮演一种支付结果。",
        "pay": "立即支付",
        "decline": "拒绝支付",
        "late": "过期后才到账",
        "twice": "付两次",
        "less": "少付",
        "more": "多付",
        "lose": "付款，但通知丢失",
        "repeat": "付款，通知重复",
        "reorder": "付款，通知乱序",
        "forge": "不付款，发伪造通知",
        "refund": "付款并在平台侧部分退款",
        "delay": "过期后再等（秒）",
        "delay_now": "从现在起等（秒；此网关不知道订单期限）",
        "times": "重复次数",
        "amount": "实付（元，留空为默认）",
        "paid": "已支付",
        "waiting": "等待支付",
        "closed": "交易已关闭",
        "declined": "支付被拒绝，可以再试。",
        "back": "返回商店",
        "late_note": "钱会在订单过期后到账。",
        "log": "通知记录",
        "mail": "邮箱",
        "empty": "还没有内容。",
    },
    "en": {
        "title": "Cashier (simulated)",
        "play": "No real money here: each button plays one outcome.",
        "pay": "Pay now",
        "decline": "Decline",
        "late": "Pay after the order's end",
        "twice": "Pay twice",
        "less": "Pay too little",
        "more": "Pay too much",
        "lose": "Pay, but lose the notice",
        "repeat": "Pay, repeat the notice",
        "reorder": "Pay, notices out of order",
        "forge": "Do not pay, send forged notices",
        "refund": "Pay, then refund a part at the provider",
        "delay": "seconds after the end",
        "delay_now": "seconds from now (this gateway does not know the order's end)",
        "times": "times",
        "amount": "amount in yuan (empty: default)",
        "paid": "Paid",
        "waiting": "Waiting for payment",
        "closed": "The trade is closed",
        "declined": "The payment was declined. You can try again.",
        "back": "Back to the shop",
        "late_note": "The money will arrive after the order's end.",
        "log": "Log of notices",
        "mail": "Mailbox",
        "empty": "Nothing yet.",
    },
}
_BUTTONS = ("decline", "late", "twice", "less", "more", "lose", "repeat", "reorder", "forge", "refund")


def language_of(accept: str, wanted: str) -> str:
    if wanted in _WORDS:
        return wanted
    return "zh" if accept.lower().startswith("zh") else "en"


def page(language: str, title: str, *parts: str) -> bytes:
    head = f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
    head += '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
    head += f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
    return (head + "".join(parts) + "</main></body></html>").encode()


def cashier(trade: Trade, desk: Desk, language: str, note: str = "") -> bytes:
    words = _WORDS[language]
    name = desk.title[language]
    state = (
        words["paid"] if trade.is_paid else words["closed"] if trade.state == "CLOSED" or desk.bank.is_expired(trade) else words["waiting"]
    )
    parts = [
        f"<h1>{name} · {words['title']}</h1><p>{escape(trade.subject)}</p><p class=amount>¥ {yuan(trade.amount_minor)}</p>",
        f"<p>{state} · <code>{escape(trade.out_trade_no)}</code></p>",
    ]
    if note in words:
        parts.append(f"<p class=note role=status>{words[note]}</p>")
    parts += [_form(trade, words), _back(trade, words)]
    other = "en" if language == "zh" else "zh"
    parts.append(f'<p class=quiet>{words["play"]} <a href="?lang={other}" hreflang={other}>{"English" if other == "en" else "中文"}</a> · ')
    parts.append(f'<a href="/log">{words["log"]}</a> · <a href="/mailbox">{words["mail"]}</a></p>')
    return page(language, f"{name} · {words['title']}", *parts)


def _form(trade: Trade, words: dict[str, str]) -> str:
    buttons = "".join(f"<button name=act value={act}>{words[act]}</button>" for act in _BUTTONS)
    delay, delay_s = ("delay", 5) if trade.expires_at else ("delay_now", LATE_S)
    return (
        f'<form method=post action="/cashier/{trade.provider}/{escape(trade.out_trade_no)}">'
        f"<button class=first name=act value=pay>{words['pay']} ¥ {yuan(trade.amount_minor)}</button>{buttons}"
        f"<label><input name=delay_s inputmode=decimal value={delay_s}> {words[delay]}</label>"
        f"<label><input name=times inputmode=numeric value=5> {words['times']}</label>"
        f"<label><input name=amount inputmode=decimal> {words['amount']}</label></form>"
    )


def _back(trade: Trade, words: dict[str, str]) -> str:
    return f'<p><a href="{escape(trade.return_url)}">{words["back"]}</a></p>' if trade.return_url.startswith("http") else ""


def log(entries: Sequence[Entry], language: str) -> bytes:
    words = _WORDS[language]
    rows = "".join(
        f"<tr><td>{_clock(e.at)}<td>{e.notice.provider}<td><code>{escape(e.notice.out_trade_no)}</code><td>{escape(e.notice.label)}"
        f"<td>{e.attempt}<td>{e.status or '–'}<td>{escape(e.answer[:80])}<td>{e.took_ms} ms</tr>"
        for e in reversed(entries)
    )
    table = f"<table><tr><th>UTC<th>provider<th>out_trade_no<th>status<th>#<th>HTTP<th>answer<th>took</tr>{rows}</table>"
    return page(language, words["log"], f"<h1>{words['log']}</h1>", table if rows else f"<p>{words['empty']}</p>")


def trades(rows: Iterable[Trade], language: str) -> bytes:
    words = _WORDS[language]
    lines = "".join(
        f'<tr><td>{_clock(t.created_at)}<td>{t.provider}<td><a href="/cashier/{t.provider}/{escape(t.out_trade_no)}"><code>'
        f"{escape(t.out_trade_no)}</code></a><td>¥ {yuan(t.amount_minor)}<td>{t.state}</tr>"
        for t in rows
    )
    links = f'<p><a href="/log">{words["log"]}</a> · <a href="/mailbox">{words["mail"]}</a></p>'
    return page(language, words["title"], f"<h1>{words['title']}</h1>{links}<table>{lines}</table>")


def mailbox(mails: Sequence[dict[str, Any]], language: str, trouble: str = "") -> bytes:
    words = _WORDS[language]
    parts = [f"<h1>{words['mail']}</h1>"]
    if trouble:
        parts.append(f"<p class=note role=alert>{escape(trouble)}</p>")
    for mail in mails:
        to = ", ".join(str(address) for address in mail.get("To") or [])
        parts.append(
            f"<article><h2>{escape(str(mail.get('Subject', '')))}</h2><p class=quiet>{_clock(float(mail.get('Timestamp', 0)))} UTC · "
            f"{escape(str(mail.get('Source', '')))} → {escape(to)}</p><pre>{_linked(str(mail.get('BodyText') or ''))}</pre></article>"
        )
    return page(language, words["mail"], *parts, "" if mails or trouble else f"<p>{words['empty']}</p>")


def _linked(text: str) -> str:
    words = []
    for word in text.split(" "):
        lines = [
            f'<a href="{escape(part)}">{escape(part)}</a>' if part.startswith(("http://", "https://")) else escape(part)
            for part in word.split("\n")
        ]
        words.append("\n".join(lines))
    return " ".join(words)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%m-%d %H:%M:%S")

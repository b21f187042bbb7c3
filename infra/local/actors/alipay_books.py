"""Alipay's trade bill of a day, in its true format: a zip of two GBK tables whose names are GBK without a flag."""

import io
import zipfile
from datetime import date, timedelta

from infra.local.actors.alipay_counter import NAME, beijing
from infra.local.actors.bank import Bank, BankRefund, Payment, Trade
from infra.local.actors.spelling import yuan


COLUMNS = (
    *("支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称", "操作员", "终端号", "对方账户"),
    *("订单金额（元）", "商家实收（元）", "支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）", "商家优惠（元）", "券核销金额（元）"),
    *("券名称", "商家红包消费金额（元）", "卡消费金额（元）", "退款批次号/请求号", "服务费（元）", "分润（元）", "备注"),
)
SUMMARY = ("门店编号", "门店名称", "交易订单总笔数", "退款订单总笔数", "订单金额（元）", "商家实收（元）", "服务费（元）", "实收净额（元）")
FEE_PER_MILLE = 6
RULE = "-" * 41


def bill(bank: Bank, seller_id: str, day: date) -> bytes:
    """The zip; empty where nothing happened. Refunds stand under the day on which they were done."""
    paid = bank.payments_on(NAME, day)
    back = [(trade, refund) for trade, refund in bank.refunds_on(NAME, day, by_end=True) if refund.state == "SUCCEEDED"]
    if not paid and not back:
        return b""
    rows = [_payment(trade, payment) for trade, payment in paid] + [_refund(trade, refund) for trade, refund in back]
    totals = sum(payment.amount_minor for _, payment in paid), sum(refund.amount_minor for _, refund in back)
    counts = len(paid), len(back)
    stem = f"{seller_id}0156_{day:%Y%m%d}"
    return packed(
        {
            f"{stem}_业务明细.csv": table(seller_id, day, rows, counts, totals),
            f"{stem}_业务明细(汇总).csv": _summary(seller_id, day, counts, totals),
        }
    )


def table(seller_id: str, day: date, rows: list[list[str]], counts: tuple[int, int], totals: tuple[int, int]) -> str:
    """The table of all movements with its comments and totals."""
    lines = [
        *("#支付宝业务明细查询", *_head(seller_id, day), f"#{RULE}业务明细列表{RULE}", ",".join(COLUMNS)),
        *(",".join(f"{value}\t" for value in row) for row in rows),
        f"#{RULE}业务明细列表结束{RULE}",
        f"#交易合计：{counts[0]}笔，商家实收共{yuan(totals[0])}元，商家优惠共0.00元",
        f"#退款合计：{counts[1]}笔，商家实收退款共{signed_yuan(-totals[1])}元，商家优惠退款共0.00元",
        f"#导出时间：[{day + timedelta(days=1):%Y年%m月%d日} 09:00:00]",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def packed(members: dict[str, str]) -> bytes:
    """Names as the real ones write them: GBK bytes and no flag. `zipfile` can only write names that it takes for cp437."""
    whole = io.BytesIO()
    raws = [name.encode("gb18030") for name in members]
    stand_ins = [f"{number:m>{len(raw)}}" for number, raw in enumerate(raws)]
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for stand_in, text in zip(stand_ins, members.values(), strict=True):
            entry = zipfile.ZipInfo(stand_in, (2026, 3, 3, 9, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, text.encode("gb18030"))
    blob = whole.getvalue()
    for stand_in, raw in zip(stand_ins, raws, strict=True):
        blob = _renamed(blob, stand_in.encode(), raw)
    return blob


def _renamed(blob: bytes, was: bytes, now: bytes) -> bytes:
    """In the local header and in the directory."""
    for sign, offset in ((b"PK\x03\x04", 26), (b"PK\x01\x02", 28)):
        at = blob.find(sign)
        while at >= 0:
            length = int.from_bytes(blob[at + offset : at + offset + 2], "little")
            start = at + (30 if sign == b"PK\x03\x04" else 46)
            if length == len(was) and blob[start : start + length] == was:
                blob = blob[:start] + now + blob[start + length :]
                break
            at = blob.find(sign, at + 4)
    return blob


def signed_yuan(minor: int) -> str:
    return f"-{yuan(-minor)}" if minor < 0 else yuan(minor)


def fee_minor(amount_minor: int) -> int:
    """6 per mille, rounded half up to a cent."""
    return (amount_minor * FEE_PER_MILLE + 500) // 1_000


def _payment(trade: Trade, payment: Payment) -> list[str]:
    return _row(trade, payment.trade_no, "交易     ", payment.paid_at, payment.amount_minor, "", -fee_minor(payment.amount_minor))


def _refund(trade: Trade, refund: BankRefund) -> list[str]:
    """The fee of what goes back is not given back."""
    return _row(trade, refund.trade_no, "退款     ", refund.finished_at, -refund.amount_minor, refund.refund_no, 0)


def _row(trade: Trade, trade_no: str, what: str, done_at: float, amount_minor: int, refund_no: str, fee: int) -> list[str]:
    values = dict.fromkeys(COLUMNS, "")
    zeros = ("支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）", "商家优惠（元）", "券核销金额（元）", "商家红包消费金额（元）")
    values |= dict.fromkeys((*zeros, "卡消费金额（元）", "分润（元）"), "0.00")
    values |= {
        "支付宝交易号": trade_no,
        "商户订单号": trade.out_trade_no,
        "业务类型": what,
        "商品名称": trade.subject.encode("gb18030", "replace").decode("gb18030"),
        "创建时间": beijing(trade.created_at),
        "完成时间": beijing(done_at),
        "对方账户": "fak***@example.com",
        "订单金额（元）": signed_yuan(amount_minor),
        "商家实收（元）": signed_yuan(amount_minor),
        "退款批次号/请求号": refund_no,
        "服务费（元）": signed_yuan(fee),
    }
    return list(values.values())


def _head(seller_id: str, day: date) -> list[str]:
    until = day + timedelta(days=1)
    return [f"#账号：[{seller_id}0156]", f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{until:%Y年%m月%d日} 00:00:00]"]


def _summary(seller_id: str, day: date, counts: tuple[int, int], totals: tuple[int, int]) -> str:
    net = totals[0] - totals[1]
    values = ("", "合计", str(counts[0]), str(counts[1]), signed_yuan(net), signed_yuan(net), "0.00", signed_yuan(net))
    lines = ["#支付宝业务汇总查询", *_head(seller_id, day), f"#{RULE}业务汇总列表{RULE}", ",".join(SUMMARY)]
    lines += [",".join(f"{value}\t" for value in values), f"#{RULE}业务汇总列表结束{RULE}"]
    return "".join(f"{line}\r\n" for line in lines)

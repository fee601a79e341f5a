"""The reports as Amazon writes them: zipped CSV in UTF-8, with English or Chinese headers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable

from simulator.appstore.earnings import PAID_IN, Invoice, invoices
from simulator.appstore.world import WITHDRAWALS, AppstoreWorld, SubscriptionDay, Transaction, refreshed
from simulator.marketplaces import digits
from simulator.truth import money

KINDS = ("sales", "subscription", "earnings")
CHINESE = {dt.date(2025, 1, 1), dt.date(2025, 2, 1), dt.date(2025, 3, 1)}
"""Months whose reports were made with the console set to Chinese."""
WRONG_ACTIVE = {(dt.date(2025, 11, 17), "IN", "com.skyatlas.monthly", "paid")}
"""Days whose Active is one too many: it does not follow from the day before."""
SALES = (
    ("Marketplace", "市场"),
    ("Country/Region Code", "国家/地区代码"),
    ("Invoice Id", "发票ID"),
    ("Transaction Id", "交易ID"),
    ("Transaction Time", "交易时间"),
    ("Transaction Type", "交易类型"),
    ("Adjustment", "调整"),
    ("ASIN", "ASIN"),
    ("Vendor SKU", "供应商SKU"),
    ("Title", "名称"),
    ("Item Name", "项目名称"),
    ("Item Type", "商品类型"),
    ("In-App Subscription Term", "应用内订阅期限"),
    ("In-App Subscription Status", "应用内订阅状态"),
    ("Units", "单位数"),
    ("Usage Time", "使用时间"),
    ("Marketplace Currency", "市场货币"),
    ("Sales Price", "销售价格"),
    ("Estimated Earnings", "估算收入"),
    ("App User ID", "应用用户ID"),
    ("Receipt ID", "收据ID"),
    ("Digital Order ID", "数字订单ID"),
    ("Device Type", "设备类型"),
)
SUBSCRIPTIONS = (
    ("Date", "日期"),
    ("Marketplace", "亚马逊市场"),
    ("App Title", "应用名称"),
    ("ASIN", "ASIN"),
    ("Vendor SKU", "供应商SKU"),
    ("Subscription Title", "订阅名称"),
    ("Subscription Duration", "订阅持续时间"),
    ("Subscription Type", "订阅类型"),
    ("Active", "有效"),
    ("Started", "已发起"),
    ("Ended", "已结束"),
    ("Refunded", "已退款"),
)
EARNINGS = (
    ("Marketplace", "市场"),
    ("Earnings Month", "收入月份"),
    ("Invoice Id", "发票ID"),
    ("Invoice Date", "发票日期"),
    ("Marketplace Currency", "市场货币"),
    ("Earnings", "收入"),
    ("Adjustments", "调整金额"),
    ("Tax Withheld", "预扣税"),
    ("Payment Currency", "付款货币"),
    ("Exchange Rate", "汇率"),
    ("Payment Amount", "付款金额"),
    ("Payment Date", "付款日期"),
    ("Payment Status", "付款状态"),
)
_WORDS = {
    "Charge": "收费", "Refund": "退款", "Chargeback": "退单", "Chargeback reversal": "退单撤销", "Yes": "是", "No": "否",
    "Subscription": "订阅", "In-App": "应用程序内商品", "Game": "游戏", "In-Game": "游戏内商品", "Application": "应用",
    "Monthly": "每月", "Annually": "每年", "trial": "试用", "paid": "付费", "Others": "其他", "TRIAL": "试用", "PAID": "付费",
    "Introductory Price - All Customers": "试销价 - 所有客户", "Promotional Price - Lapsed Customers": "促销价格 - 到期客户",
    "issued": "已付款", "not issued": "未付款", "rejected": "被拒绝",
}  # fmt: skip

EARNINGS_NEGATIVE_SINCE = dt.date(2019, 12, 1)
"""From reports after November 2019 on, what is taken back from the developer has negative earnings."""


class Reports:
    """Every report of the developer, as it stands at an instant."""

    def __init__(self, world: AppstoreWorld) -> None:
        self._world = world
        self._made_at: dt.datetime | None = None
        self._sales: dict[dt.date, list[Transaction]] = {}
        self._days: dict[dt.date, list[SubscriptionDay]] = {}
        self._invoices: dict[dt.date, list[Invoice]] = {}

    def _refresh(self, now: dt.datetime) -> None:
        made = refreshed(now)
        if self._made_at == made:
            return
        self._sales, self._days, self._invoices = {}, {}, {}
        for transaction in self._world.visible(now):
            self._sales.setdefault(transaction.month, []).append(transaction)
        for day in self._world.subscription_days(now):
            self._days.setdefault(day.day.replace(day=1), []).append(day)
        for invoice in invoices(self._world, made):
            self._invoices.setdefault(invoice.month, []).append(invoice)
        self._made_at = made

    def sales(self, now: dt.datetime) -> dict[dt.date, list[Transaction]]:
        """The lines of the sales reports, by month."""
        self._refresh(now)
        return self._sales

    def subscriptions(self, now: dt.datetime) -> dict[dt.date, list[SubscriptionDay]]:
        """The lines of the subscription reports, by month."""
        self._refresh(now)
        return self._days

    def earnings(self, now: dt.datetime) -> dict[dt.date, list[Invoice]]:
        """The lines of the earnings reports, by month."""
        self._refresh(now)
        return self._invoices

    def file(self, kind: str, month: dt.date, now: dt.datetime) -> bytes | None:
        """A report as a ZIP archive; None if there is none. Each day it is packed anew, whether or not it says anything new."""
        return _packed(f"{kind}_{month:%Y_%m}.csv", self.text(kind, month, now), now)

    def year(self, year: int, now: dt.datetime) -> bytes | None:
        """The earnings report of a year as a ZIP archive; None if there is none."""
        months = [month for month in sorted(self.earnings(now)) if month.year == year]
        rows = [_invoice(each, chinese=False) for month in months for each in self.earnings(now)[month]]
        text = table([english for english, _ in EARNINGS], rows) if rows else None
        return _packed(f"earnings_{year}.csv", text, now)

    def text(self, kind: str, month: dt.date, now: dt.datetime) -> bytes | None:
        """A report's CSV; None if there is none."""
        chinese = month in CHINESE
        header: tuple[tuple[str, str], ...]
        lines: Iterable[list[str | None]]
        if kind == "sales":
            header, lines = SALES, (_sale(each, chinese) for each in self.sales(now).get(month, ()))
        elif kind == "subscription":
            header, lines = SUBSCRIPTIONS, (_day(each, chinese) for each in self.subscriptions(now).get(month, ()))
        else:
            header, lines = EARNINGS, (_invoice(each, chinese) for each in self.earnings(now).get(month, ()))
        rows = list(lines)
        if not rows:
            return None
        return table([names[chinese] for names in header], rows)


def _packed(name: str, csv_file: bytes | None, now: dt.datetime) -> bytes | None:
    if csv_file is None:
        return None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name, refreshed(now).timetuple()[:6])
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, csv_file)
    return packed.getvalue()


def table(header: list[str], rows: Iterable[list[str | None]]) -> bytes:
    """A CSV file in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return text.getvalue().encode()


def _word(text: str | None, chinese: bool) -> str | None:
    return _WORDS.get(text, text) if chinese and text else text


def _sale(each: Transaction, chinese: bool) -> list[str | None]:
    market, product = each.marketplace, each.product
    written = f"{each.local:%m/%d/%y %H:%M:%S}" if market.seconds else f"{each.local:%m/%d/%y %H:%M}"
    earnings = each.earnings
    if each.kind in WITHDRAWALS and each.month < EARNINGS_NEGATIVE_SINCE:
        earnings = abs(earnings)
    return [
        market.name, each.country, each.invoice_id, str(each.transaction_id), f"{written} {market.label}",
        _word(each.kind, chinese), _word("Yes" if each.adjustment else "No", chinese), product.asin, product.sku,
        product.title(market.language), product.item(market.language), _word(product.item_type, chinese),
        _word(product.term, chinese), _word(each.status, chinese), str(each.units),
        None if each.usage_seconds is None else str(each.usage_seconds), market.written_currency,
        money(each.price, market.currency), money(earnings, market.currency), each.user_id, each.receipt_id,
        each.digital_order_id, _word(each.device, chinese),
    ]  # fmt: skip


def _day(each: SubscriptionDay, chinese: bool) -> list[str | None]:
    market, product = each.marketplace, each.product
    wrong = (each.day, market.country, product.sku, each.kind) in WRONG_ACTIVE
    return [
        f"{each.day:%m/%d/%y}", market.name, product.title(market.language), product.asin, product.sku,
        product.item(market.language), _word(product.term, chinese), _word(each.kind, chinese),
        str(each.active + wrong), str(each.started), str(each.ended), str(each.refunded),
    ]  # fmt: skip


def _invoice(each: Invoice, chinese: bool) -> list[str | None]:
    currency = each.marketplace.currency
    return [
        each.marketplace.name, f"{each.month:%m/%d/%y}", each.invoice_id, f"{each.invoiced_on:%m/%d/%y}",
        each.marketplace.written_currency, money(each.earnings, currency), money(each.adjustments, currency),
        money(each.withheld, currency), PAID_IN, str(each.rate), None if each.paid is None else str(each.paid),
        None if each.paid_on is None else f"{each.paid_on:%m/%d/%y}", _word(each.status, chinese),
    ]  # fmt: skip


_SUMS = (("Charge", 40, "199.60", "139.72", "No"), ("Refund", 2, "-9.98", "6.98", None))


def yearly_sums(year: int) -> bytes:
    """The sales report of a year before 2018, as a person downloads it: sums a day and item, with NA for their ids."""
    assert digits("USD") == 2
    rows: list[list[str | None]] = []
    for month in range(1, 13):
        day = dt.date(year, month, 15)
        for kind, units, price, earnings, adjusted in _SUMS:
            rows.append(
                ["Amazon.com", "US", "NA", "NA", f"{day:%m/%d/%y}", kind, adjusted, "C00006M4PF", "com.gamevendor.fungame",
                 "Smashemup Truck Game", "Smashemup Truck Game", "Application", None, None, str(units), None, "USD", price,
                 earnings, None, None, None, "Fire Tablet"]
            )  # fmt: skip
    return table([english for english, _ in SALES], rows)

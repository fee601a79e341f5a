"""Appstore earnings and payments: a row an invoice, which is of one marketplace and month. Its amounts are final.

What it tells is said by Amazon's page "Earnings Reports" (developer.amazon.com/docs/reports-promo/earnings-reports.html):
invoices made at the end of a month, earnings before taxes and adjustments, taxes withheld, adjustments, and the payment's
status (`issued`, `not issued`, `rejected`), amount in the preferred currency, and date. One payment may be for several
invoices, and its whole amount then stands on each of them. The page has no list of header names that is public: the ones
below are its words and those that developers name (`Tax Withheld`, `Exchange Rate`, `Payment Amount`, `Payment Status`,
`Payment Date`). Of a column that is not known `extra` keeps the name; of `AWS Credit` its values, too. A report is of a month or
of a year.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import Family, Format, Obtained, Scope, currency, day, decimal, money, text

STATUSES = {"已付款": "issued", "未付款": "not issued", "被拒绝": "rejected"}

FAMILY = Family(
    name="appstore_earnings",
    title="an Appstore earnings report",
    report_types=("earnings",),
    obtained=Obtained.MADE_BY_AMAZON,
    scope=Scope.ACCOUNT,
    format=Format.CSV,
    site="the Developer Console",
    dated_by="earnings_month",
    longest_window=dt.timedelta(days=366),
    delay=dt.timedelta(days=30),
    columns=(
        text("marketplace", "市场", required=True),
        day("earnings_month", "month", "收入月份", required=True, written="%m/%d/%y"),
        text("invoice_id", "发票ID", required=True),
        day("invoice_date", "发票日期", written="%m/%d/%y"),
        currency("marketplace_currency", "市场货币", required=True),
        money("earnings", "earnings amount", "收入", currency="marketplace_currency", required=True),
        money("adjustments", "adjustment", "adjustment amount", "调整金额", currency="marketplace_currency"),
        money(
            "tax_withheld", "taxes withheld", "withheld tax", "预扣税", currency="marketplace_currency", required=True
        ),
        currency("payment_currency", "preferred currency", "preferred payment currency", "付款货币"),
        decimal("exchange_rate", "汇率"),
        money("payment_amount", "付款金额", currency="payment_currency", required=True),
        day("payment_date", "付款日期", written="%m/%d/%y"),
        text("payment_status", "付款状态", required=True, words=STATUSES),
    ),
    key=("invoice_id",),
    recognised_by=("earnings_month", "tax_withheld", "payment_amount", "payment_status"),
    filled=("marketplace", "earnings_month", "invoice_id", "marketplace_currency", "payment_status"),
    currency_names={"CAN": "CAD"},
)

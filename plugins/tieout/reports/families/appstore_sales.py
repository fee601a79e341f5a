"""Appstore sales: a row a transaction of an app, an in-app item or a subscription, all marketplaces of a month together.

Columns: the page "Reporting API" of Amazon's developer console (developer.amazon.com/docs/reports-promo/reporting-API.html;
Chinese edition of 13 December 2023), which specifies a ZIP archive with one CSV file in UTF-8. Its Chinese edition calls the
last column 设备类型; the other Chinese names are those that its text uses. Real English files add `(Marketplace Currency)` to the
names of the amounts and `(Trial / Paid)` to that of the subscription status.

Times are the marketplace's wall clock (page "Reporting FAQ", "What is the time zone for Sales reports?"), with and without
seconds; real files also have times in UTC, and in another zone of the continent (EST of Amazon.com). Canada's currency is
written `CAN`. In sums for 2017 and earlier the ids are `NA` and the time is a day; Adjustment is empty for their refunds. What
the developer gets for refunds is negative in reports after November 2019 only: this is not corrected here, but in
`core.appstore_sale`.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import (
    Family,
    Format,
    Obtained,
    Personal,
    Scope,
    currency,
    flag,
    instant,
    money,
    personal,
    text,
    whole,
)

TRANSACTION_TYPES = {"收费": "Charge", "退款": "Refund", "退单": "Chargeback", "退单撤销": "Chargeback reversal"}
"""Each as a Chinese file writes it, and as an English one does."""
ITEM_TYPES = {
    "订阅": "Subscription",
    "应用程序内商品": "In-App",
    "游戏": "Game",
    "游戏内商品": "In-Game",
    "应用": "Application",
}
TERMS = {
    "每周": "Weekly",
    "每两周": "BiWeekly",
    "每月": "Monthly",
    "每两个月": "BiMonthly",
    "每季度": "Quarterly",
    "每半年": "SemiAnnually",
    "每年": "Annually",
}
STATUSES = {
    "试用": "TRIAL",
    "付费": "PAID",
    "试销价 - 所有客户": "Introductory Price - All Customers",
    "促销价格 - 到期客户": "Promotional Price - Lapsed Customers",
    "已暂停": "Paused",
}

FAMILY = Family(
    name="appstore_sales",
    title="an Appstore sales report",
    report_types=("sales",),
    obtained=Obtained.MADE_BY_AMAZON,
    scope=Scope.ACCOUNT,
    format=Format.CSV,
    site="the Developer Console",
    dated_by="transaction_day",
    longest_window=dt.timedelta(days=31),
    delay=dt.timedelta(hours=48),
    columns=(
        text("marketplace", "市场", "亚马逊市场", required=True),
        text("country_region_code", "country/region code", "国家/地区代码"),
        text("invoice_id", "发票ID"),
        text("transaction_id", "交易ID", required=True),
        instant(
            "transaction", "transaction time", "交易时间", required=True, written="%m/%d/%y", zone_of="marketplace"
        ),
        text("transaction_type", "交易类型", required=True, words=TRANSACTION_TYPES),
        flag("adjustment", "调整"),
        text("asin", required=True),
        text("vendor_sku", "供应商SKU"),
        text("title", "名称"),
        text("item_name", "项目名称"),
        text("item_type", "商品类型", words=ITEM_TYPES),
        text("in_app_subscription_term", "应用内订阅期限", words=TERMS),
        text("in_app_subscription_status", "应用内订阅状态", words=STATUSES),
        whole("units", "单位数", "单位", required=True),
        whole("usage_time", "使用时间"),
        currency("marketplace_currency", "市场货币", required=True),
        money("sales_price", "销售价格", currency="marketplace_currency"),
        money("estimated_earnings", "估算收入", "估计收入", currency="marketplace_currency", required=True),
        personal("app_user_id", Personal.IDENTIFIER, "应用用户ID", hashed=True),
        personal("receipt_id", Personal.IDENTIFIER, "收据ID", hashed=True),
        personal("digital_order_id", Personal.IDENTIFIER, "数字订单ID", hashed=True),
        text("device_type", "设备类型", words={"其他": "Others"}),
    ),
    key=("invoice_id", "transaction_id", "transaction_type", "adjustment"),
    repeats=True,  # the sums of 2017 and earlier have no ids
    recognised_by=("marketplace", "transaction_type", "estimated_earnings"),
    filled=("marketplace", "transaction", "transaction_type", "asin", "marketplace_currency"),
    currency_names={"CAN": "CAD"},
)

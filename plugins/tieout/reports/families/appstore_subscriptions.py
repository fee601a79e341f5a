"""Appstore subscriptions: a row a day, marketplace, subscription and type (trial or paid), all of a month together.

Columns: the page "Reporting API" of Amazon's developer console (Chinese edition of 13 December 2023). A day ends at 11:59 PM
UTC. Marketplace, SKU, title and duration are what the developer entered in the console.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.families import appstore_sales
from tieout.reports.family import Family, Format, Obtained, Scope, day, text, whole

TYPES = {"试用": "trial", "付费": "paid"}
"""Each as a Chinese file writes it, and as an English one does."""

FAMILY = Family(
    name="appstore_subscriptions",
    title="an Appstore subscription report",
    report_types=("subscription",),
    obtained=Obtained.MADE_BY_AMAZON,
    scope=Scope.ACCOUNT,
    format=Format.CSV,
    site="the Developer Console",
    dated_by="date",
    longest_window=dt.timedelta(days=31),
    delay=dt.timedelta(hours=48),
    columns=(
        day("date", "日期", required=True, written="%m/%d/%y"),
        text("marketplace", "市场", "亚马逊市场", required=True),
        text("app_title", "应用名称"),
        text("asin", required=True),
        text("vendor_sku", "供应商SKU"),
        text("subscription_title", "订阅名称"),
        text("subscription_duration", "订阅持续时间", words=appstore_sales.TERMS),
        text("subscription_type", "订阅类型", required=True, words=TYPES),
        whole("active", "有效", "有效订阅", required=True),
        whole("started", "已发起", "发起", required=True),
        whole("ended", "已结束", "结束", required=True),
        whole("refunded", "已退款"),
    ),
    key=("date", "marketplace", "asin", "vendor_sku", "subscription_type"),
    recognised_by=("subscription_type", "active", "started", "ended"),
    filled=("date", "marketplace", "asin", "subscription_type", "active", "started", "ended"),
)

"""FBA removal orders: what the seller has Amazon send back or dispose of, a row a line of an order, in its state of now.

Columns: developer-docs.amazon.com/sp-api/docs/fba-removals-reports-attributes. `service-speed` is not in every file
(amzn/selling-partner-api-models#2011), and newer files have `order-source`, as public readers show. A report holds the orders
that were placed in its window. No longest window is documented, and one of half a year failed
(amzn/selling-partner-api-models#5323), so a month is asked for. Amazon makes it anew every 30 minutes at most. An order takes
ten days to six weeks and more, and is charged within 45 days of its removal (Seller Central help, G200685050): 90 days.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import Family, Format, Obtained, Scope, currency, instant, money, text, whole

FAMILY = Family(
    name="removal_orders",
    title="a report of FBA removal orders",
    report_types=("GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    also_in=(Format.CSV,),
    dated_by="requested_day",
    restated_after=(dt.timedelta(days=45), dt.timedelta(days=90)),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=30),
    earliest=dt.timedelta(days=540),
    columns=(
        instant("requested", "request-date", required=True),
        text("order_id", required=True),
        text("order_source"),
        text("order_type"),
        text("service_speed"),
        text("order_status"),
        instant("last_updated", "last-updated-date"),
        text("sku"),
        text("fnsku"),
        text("disposition"),
        whole("requested_quantity", required=True),
        whole("cancelled_quantity"),
        whole("disposed_quantity", required=True),
        whole("shipped_quantity"),
        whole("in_process_quantity"),
        money("removal_fee", required=True),
        currency("currency"),
    ),
    key=("order_id", "sku", "fnsku", "disposition"),
    repeats=True,
    recognised_by=("requested", "requested_quantity", "disposed_quantity", "removal_fee"),
    filled=("requested", "order_id"),
)  # fmt: skip

"""Monthly storage fees: what a product cost a month in each fulfilment centre, finer than cents.

Header with underscores: github.com/aresstore, and public readers of real files, whose newer columns (surcharge by
utilisation) are here too. Made about the 10th for the month before.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import DAILY_FBA, Family, Format, Obtained, Scope, currency, decimal, money, text

FAMILY = Family(
    name="storage_fees",
    title="a report of monthly storage fees",
    report_types=("GET_FBA_STORAGE_FEE_CHARGES_DATA",),
    obtained=Obtained.SCHEDULED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    also_in=(Format.CSV,),
    made_every=DAILY_FBA,
    by_month=True,
    every=dt.timedelta(days=7),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=45),
    earliest=dt.timedelta(days=540),
    delay=dt.timedelta(days=10),
    nothing=("--",),
    columns=(
        text("asin"),
        text("fnsku", required=True),
        text("product_name"),
        text("fulfillment_center"),
        text("country_code"),
        decimal("longest_side"),
        decimal("median_side"),
        decimal("shortest_side"),
        text("measurement_units"),
        decimal("weight"),
        text("weight_units"),
        decimal("item_volume"),
        text("volume_units"),
        text("product_size_tier"),
        decimal("average_quantity_on_hand"),
        decimal("average_quantity_pending_removal"),
        decimal("estimated_total_item_volume"),
        text("month_of_charge", required=True),
        decimal("storage_utilization_ratio"),
        text("storage_utilization_ratio_units"),
        money("storage_rate", fine=True),
        money("base_rate", fine=True),
        money("utilization_surcharge_rate", fine=True),
        decimal("average_quantity_for_surcharge", "avg_qty_for_sus"),
        decimal("estimated_volume_for_surcharge", "est_vol_for_sus"),
        money("estimated_base_storage_fee", "est_base_msf", fine=True),
        money("estimated_surcharge", "est_sus", fine=True),
        currency("currency"),
        money("estimated_monthly_storage_fee", required=True, fine=True),
        text("dangerous_goods_storage_type"),
        text("eligible_for_inventory_discount"),
        text("qualifies_for_inventory_discount"),
        money("total_incentive_fee_amount", fine=True),
        text("breakdown_incentive_fee_amount"),
        decimal("average_quantity_customer_orders"),
    ),
    key=("month_of_charge", "asin", "fnsku", "fulfillment_center", "country_code"),
    repeats=True,
    recognised_by=("month_of_charge", "estimated_monthly_storage_fee"),
    filled=("fnsku", "month_of_charge"),
)  # fmt: skip

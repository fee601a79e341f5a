"""Inventory ledger, summary: the balance of each SKU in the fulfilment centres of a country, and what moved it.

The one kind of flat file whose fields stand in quotation marks. Columns:
developer-docs.amazon.com/sp-api/docs/fba-inventory-reports-attributes. Public readers of files of the US and of Spain find
days as month/day/year. Asked for by country and by day, so that its sums meet the details.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import DAILY_FBA, Family, Format, Obtained, Scope, day, text, whole

FAMILY = Family(
    name="ledger_summary",
    title="an inventory ledger summary",
    report_types=("GET_LEDGER_SUMMARY_VIEW_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.ACCOUNT,
    format=Format.TSV_QUOTED,
    also_in=(Format.CSV,),
    made_every=DAILY_FBA,
    dated_by="date",
    restated_after=(dt.timedelta(days=30), dt.timedelta(days=60)),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=14),
    earliest=dt.timedelta(days=540),
    options={"aggregateByLocation": "COUNTRY", "aggregatedByTimePeriod": "DAILY"},
    columns=(
        day("date", required=True, written="%m/%d/%Y"),
        text("fnsku", required=True),
        text("asin"),
        text("msku"),
        text("title"),
        text("disposition", required=True),
        whole("starting_warehouse_balance", required=True),
        whole("in_transit_between_warehouses"),
        whole("receipts"),
        whole("customer_shipments"),
        whole("customer_returns"),
        whole("vendor_returns"),
        whole("warehouse_transfer_in_out"),
        whole("found"),
        whole("lost"),
        whole("damaged"),
        whole("disposed"),
        whole("other_events"),
        whole("ending_warehouse_balance", required=True),
        whole("unknown_events"),
        text("location"),
        text("store"),
    ),
    key=("date", "fnsku", "msku", "disposition", "location"),
    repeats=True,
    recognised_by=("starting_warehouse_balance", "ending_warehouse_balance"),
    filled=("date", "fnsku", "disposition"),
)  # fmt: skip

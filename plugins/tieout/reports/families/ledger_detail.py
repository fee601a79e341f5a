"""Inventory ledger, detail: every movement of stock, with what it refers to and what of it is reconciled.

Fields stand in quotation marks. Columns: developer-docs.amazon.com/sp-api/docs/fba-inventory-reports-attributes, and `Date
and Time` in newer files; days are written month/day/year. 18 months back. Equal rows exist (two receipts of one unit). The
Spanish names are those of a public test set (github.com/aresstore).
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import DAILY_FBA, Family, Format, Obtained, Scope, day, instant, text, whole

FAMILY = Family(
    name="ledger_detail",
    title="an inventory ledger detail",
    report_types=("GET_LEDGER_DETAIL_VIEW_DATA",),
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
    columns=(
        day("date", "fecha", required=True, written="%m/%d/%Y"),
        text("fnsku", required=True),
        text("asin"),
        text("msku", required=True),
        text("title", "título"),
        text("event_type", "tipo de evento", required=True),
        text("reference_id", "id de referencia"),
        whole("quantity", "cantidad", required=True),
        text("fulfillment_center", "centro logístico"),
        text("disposition", "estado"),
        text("reason", "motivo"),
        text("country", "país"),
        whole("reconciled_quantity", "cantidad conciliada"),
        whole("unreconciled_quantity", "cantidad sin conciliar"),
        instant("moved", "date and time", "fecha y hora"),
        text("store"),
    ),
    key=("date", "fnsku", "msku", "event_type", "reference_id", "fulfillment_center", "disposition", "reason"),
    repeats=True,
    recognised_by=("event_type", "msku", "fnsku"),
    filled=("date", "fnsku", "event_type"),
)  # fmt: skip

"""Long-term storage fees (aged inventory surcharge): what was charged for stock by its age, on the day of the snapshot.

Columns: developer-docs.amazon.com/sp-api/docs/fba-payments-reports-attributes.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import (
    DAILY_FBA,
    Family,
    Format,
    Obtained,
    Scope,
    currency,
    decimal,
    instant,
    money,
    text,
    whole,
)

FAMILY = Family(
    name="long_term_storage_fees",
    title="a report of long-term storage fees",
    report_types=("GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    also_in=(Format.CSV,),
    made_every=DAILY_FBA,
    dated_by="snapshot_day",
    every=dt.timedelta(days=7),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=45),
    earliest=dt.timedelta(days=540),
    nothing=("--",),
    columns=(
        instant("snapshot", "snapshot-date", required=True),
        text("sku"),
        text("fnsku", required=True),
        text("asin"),
        text("product_name"),
        text("condition"),
        decimal("per_unit_volume"),
        currency("currency"),
        text("volume_unit"),
        text("country"),
        whole("qty_charged", required=True),
        money("amount_charged", required=True, fine=True),
        text("surcharge_age_tier"),
        money("rate_surcharge", fine=True),
    ),
    key=("snapshot_day", "sku", "fnsku", "country", "surcharge_age_tier"),
    repeats=True,
    recognised_by=("snapshot", "qty_charged", "amount_charged"),
    filled=("snapshot", "fnsku"),
)  # fmt: skip

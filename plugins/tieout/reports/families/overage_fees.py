"""Overage fees: what was charged a day for storing more than the limit of a storage type allows.

Columns as Amazon's help page names them, and as public readers find them in files: some say volume, some capacity.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import DAILY_FBA, Family, Format, Obtained, Scope, currency, day, decimal, money, text

FAMILY = Family(
    name="overage_fees",
    title="a report of storage overage fees",
    report_types=("GET_FBA_OVERAGE_FEE_CHARGES_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    also_in=(Format.CSV,),
    made_every=DAILY_FBA,
    dated_by="charged_date",
    every=dt.timedelta(days=7),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=45),
    earliest=dt.timedelta(days=540),
    nothing=("--",),
    columns=(
        day("charged_date", "charge_date", required=True),
        text("country_code"),
        text("storage_type", required=True),
        money("charge_rate", currency="currency_code", fine=True),
        decimal("storage_usage_volume", "capacity_usage_volume", "storage_usage"),
        decimal("storage_limit_volume", "capacity_limit", "storage_limit"),
        decimal("overage_volume", "overage_amount"),
        text("volume_unit"),
        money("charged_fee_amount", currency="currency_code", required=True, fine=True),
        currency("currency_code"),
    ),
    key=("charged_date", "country_code", "storage_type"),
    recognised_by=("charged_date", "storage_type", "charged_fee_amount"),
    filled=("charged_date", "storage_type"),
)  # fmt: skip

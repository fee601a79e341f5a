"""VAT transactions: every sale, refund and movement of stock that matters to VAT in Europe, a month at a time.

90 upper-case columns, as a real German file of 2018 and public readers of newer ones
have them; a misspelling of Amazon's (`DEPATURE_CITY`) is a column's name. Dates are
day-month-year with dashes and without a time. The report of a month can be asked for from the 3rd of the next one;
before, Amazon ends it as FATAL. Buyers' names and addresses stand in it, hence the restricted data token.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import (
    Column,
    Family,
    Format,
    Obtained,
    Personal,
    Scope,
    currency,
    day,
    decimal,
    money,
    personal,
    text,
    whole,
)

_WRITTEN = "%d-%m-%Y"
_PARTS = ("price_of_items", "ship_charge", "gift_wrap")


def _amounts(suffix: str) -> tuple[Column, ...]:
    """Price, promotion and total of items, of shipping and of gift wrap."""
    return tuple(
        money(f"{kind}{part}_{suffix}", currency="transaction_currency_code")
        for part in _PARTS
        for kind in ("", "promo_", "total_")
    )


FAMILY = Family(
    name="vat_transactions",
    title="a VAT transactions report",
    report_types=("GET_VAT_TRANSACTION_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.ACCOUNT,
    format=Format.TSV,
    dated_by="transaction_complete_date",
    countries=("BE", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "PL", "SE"),
    by_month=True,
    every=dt.timedelta(days=7),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=31),
    earliest=dt.timedelta(days=540),
    delay=dt.timedelta(days=2),
    restricted=True,
    columns=(
        text("unique_account_identifier", required=True),
        text("activity_period", required=True),
        text("sales_channel"),
        text("marketplace"),
        text("program_type"),
        text("transaction_type", required=True),
        text("transaction_event_id", required=True),
        text("activity_transaction_id"),
        day("tax_calculation_date", written=_WRITTEN),
        day("transaction_depart_date", written=_WRITTEN),
        day("transaction_arrival_date", written=_WRITTEN),
        day("transaction_complete_date", written=_WRITTEN),
        text("seller_sku"),
        text("asin"),
        text("item_description"),
        text("item_manufacture_country"),
        whole("qty"),
        decimal("item_weight"),
        decimal("total_activity_weight"),
        money("cost_price_of_items", currency="transaction_currency_code"),
        *_amounts("amt_vat_excl"),
        money("total_activity_value_amt_vat_excl", currency="transaction_currency_code"),
        *(decimal(f"{part}_vat_rate_percent", f"{part}_vat_rate") for part in _PARTS),
        *_amounts("vat_amt"),
        money("total_activity_value_vat_amt", currency="transaction_currency_code"),
        *_amounts("amt_vat_incl"),
        money("total_activity_value_amt_vat_incl", currency="transaction_currency_code"),
        currency("transaction_currency_code", required=True),
        text("commodity_code"),
        text("statistical_code_depart"),
        text("statistical_code_arrival"),
        text("commodity_code_supplementary_unit"),
        decimal("item_qty_supplementary_unit"),
        decimal("total_activity_supplementary_unit"),
        text("product_tax_code"),
        personal("departure_city", Personal.ADDRESS, "depature_city"),
        text("departure_country"),
        personal("departure_post_code", Personal.ADDRESS),
        personal("arrival_city", Personal.ADDRESS),
        text("arrival_country"),
        personal("arrival_post_code", Personal.ADDRESS),
        text("sale_depart_country"),
        text("sale_arrival_country"),
        text("transportation_mode"),
        text("delivery_conditions"),
        text("seller_depart_vat_number_country"),
        text("seller_depart_country_vat_number"),
        text("seller_arrival_vat_number_country"),
        text("seller_arrival_country_vat_number"),
        text("transaction_seller_vat_number_country"),
        text("transaction_seller_vat_number"),
        text("buyer_vat_number_country"),
        personal("buyer_vat_number", Personal.TAX_NUMBER),
        text("vat_calculation_imputation_country"),
        text("taxable_jurisdiction"),
        text("taxable_jurisdiction_level"),
        text("vat_inv_number"),
        money("vat_inv_converted_amt", currency="vat_inv_currency_code"),
        currency("vat_inv_currency_code"),
        decimal("vat_inv_exchange_rate"),
        day("vat_inv_exchange_rate_date", written=_WRITTEN),
        text("export_outside_eu"),
        personal("invoice_url", Personal.LINK),
        personal("buyer_name", Personal.NAME),
        personal("arrival_address", Personal.ADDRESS),
        personal("supplier_name", Personal.NAME),
        personal("supplier_vat_number", Personal.TAX_NUMBER),
        text("tax_reporting_scheme"),
        text("tax_collection_responsibility"),
    ),
    key=("transaction_type", "transaction_event_id", "activity_transaction_id", "seller_sku", "departure_country"),
    repeats=True,
    recognised_by=("unique_account_identifier", "activity_period", "transaction_event_id", "transaction_currency_code"),
    filled=("transaction_type",),
)  # fmt: skip

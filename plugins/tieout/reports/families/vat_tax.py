"""VAT tax report of Seller Central (VAT calculation service): a row an item that was sold, returned or refunded.

A CSV. Columns and dates (`28-Aug-2026 UTC`) as public readers find them in real files; the columns of electronic invoices
were renamed on 2026-01-01 (developer-docs.amazon.com/sp-api/changelog). Buyers' tax numbers stand in it, hence the
restricted data token.
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
    day,
    decimal,
    money,
    personal,
    text,
    whole,
)

_PARTS = ("our_price", "shipping", "giftwrap")
_AMOUNTS = (
    "tax_inclusive_selling_price", "tax_amount", "tax_exclusive_selling_price", "tax_inclusive_promo_amount",
    "tax_amount_promo", "tax_exclusive_promo_amount",
)  # fmt: skip

FAMILY = Family(
    name="vat_tax",
    title="a VAT tax report",
    report_types=("SC_VAT_TAX_REPORT",),
    obtained=Obtained.REQUESTED,
    scope=Scope.ACCOUNT,
    format=Format.CSV,
    countries=("BE", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "PL", "SE"),
    every=dt.timedelta(days=7),
    # Amazon takes whole days, both ends included (amzn/selling-partner-api-docs#3403): touching windows share a day
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=31),
    earliest=dt.timedelta(days=540),
    restricted=True,
    columns=(
        text("marketplace_id"),
        text("merchant_id"),
        day("order_date"),
        text("transaction_type", required=True),
        text("is_invoice_corrected"),
        text("order_id", required=True),
        day("shipment_date"),
        text("shipment_id"),
        text("transaction_id", required=True),
        text("asin"),
        text("sku"),
        whole("quantity"),
        day("tax_calculation_date"),
        decimal("tax_rate"),
        text("product_tax_code"),
        currency("currency"),
        text("tax_type"),
        text("tax_calculation_reason_code"),
        text("tax_reporting_scheme"),
        text("tax_collection_responsibility"),
        text("tax_address_role"),
        text("jurisdiction_level"),
        text("jurisdiction_name"),
        *(money(f"{part}_{amount}") for part in _PARTS for amount in _AMOUNTS),
        text("seller_tax_registration"),
        text("seller_tax_registration_jurisdiction"),
        personal("buyer_tax_registration", Personal.TAX_NUMBER),
        personal("buyer_tax_registration_jurisdiction", Personal.TAX_NUMBER),
        personal("buyer_tax_registration_type", Personal.TAX_NUMBER),
        personal("buyer_e_invoice_account_id", Personal.IDENTIFIER),
        currency("invoice_level_currency_code"),
        decimal("invoice_level_exchange_rate"),
        day("invoice_level_exchange_rate_date"),
        money("converted_tax_amount", currency="invoice_level_currency_code"),
        text("vat_invoice_number"),
        personal("invoice_url", Personal.LINK),
        text("export_outside_eu"),
        personal("ship_from_city", Personal.ADDRESS),
        personal("ship_from_state", Personal.ADDRESS),
        text("ship_from_country"),
        personal("ship_from_postal_code", Personal.ADDRESS),
        personal("ship_from_tax_location_code", Personal.ADDRESS),
        personal("ship_to_city", Personal.ADDRESS),
        personal("ship_to_state", Personal.ADDRESS),
        text("ship_to_country"),
        personal("ship_to_postal_code", Personal.ADDRESS),
        personal("ship_to_location_code", Personal.ADDRESS),
        text("return_fc_country"),
        text("is_amazon_invoiced"),
        text("original_vat_invoice_number"),
        personal("invoice_correction_details", Personal.FREE_TEXT),
        text("e_invoice_delivery_status", "sdi invoice delivery status"),
        text("e_invoice_error_code", "sdi invoice error code"),
        personal("e_invoice_error_description", Personal.FREE_TEXT, "sdi invoice error description"),
        text("e_invoice_status_last_updated_date", "sdi invoice status last updated date"),
        personal("e_invoice_url", Personal.LINK),
    ),
    key=("transaction_type", "transaction_id", "order_id", "shipment_id", "sku", "jurisdiction_name"),
    repeats=True,
    recognised_by=("transaction_id", "our_price_tax_amount"),
    filled=("transaction_type", "order_id"),
)  # fmt: skip

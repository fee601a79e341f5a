"""GST merchant tax report of India, sales to consumers: a row an item that was shipped, refunded or cancelled.

Announced as a tab-separated file, and most often met as a CSV. Columns as public readers find them in real files. All
amounts are rupees. `COLUMNS` are also those of the report of sales to businesses, which has some more.
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
    decimal,
    instant,
    money,
    personal,
    text,
    whole,
)


def rupees(name: str, *spelled: str, required: bool = False) -> Column:
    return money(name, *spelled, currency="INR", required=required)


COLUMNS = (
    text("seller_gstin", required=True),
    text("invoice_number"),
    instant("invoiced", "invoice date"),
    text("transaction_type", required=True),
    text("order_id", required=True),
    text("shipment_id"),
    instant("shipped", "shipment date"),
    instant("ordered", "order date"),
    text("shipment_item_id"),
    whole("quantity"),
    text("item_description"),
    text("asin"),
    text("hsn_sac", "hsn/sac"),
    text("sku"),
    text("product_tax_code"),
    *(text(f"bill_from_{part}") for part in ("city", "state", "country", "postal_code")),
    *(
        column
        for place in ("ship_from", "ship_to")
        for column in (
            personal(f"{place}_city", Personal.ADDRESS),
            text(f"{place}_state"),
            text(f"{place}_country"),
            personal(f"{place}_postal_code", Personal.ADDRESS),
        )
    ),
    rupees("invoice_amount"),
    rupees("tax_exclusive_gross", required=True),
    rupees("total_tax_amount"),
    *(decimal(f"{part}_rate") for part in ("cgst", "sgst", "utgst", "igst", "compensatory_cess")),
    rupees("principal_amount"),
    rupees("principal_amount_basis"),
    *(rupees(f"{part}_tax") for part in ("cgst", "sgst", "utgst", "igst", "compensatory_cess")),
    rupees("shipping_amount"),
    rupees("shipping_amount_basis"),
    *(rupees(f"shipping_{part}_tax") for part in ("cgst", "sgst", "utgst", "igst")),
    rupees("shipping_cess_tax", "shipping cess tax amount"),
    rupees("gift_wrap_amount"),
    rupees("gift_wrap_amount_basis"),
    *(rupees(f"gift_wrap_{part}_tax") for part in ("cgst", "sgst", "utgst", "igst", "compensatory_cess")),
    *(
        rupees(f"{part}_promo_{amount}")
        for part in ("item", "shipping", "gift_wrap")
        for amount in ("discount", "discount_basis", "tax")
    ),
    *(decimal(f"tcs_{part}_rate") for part in ("cgst", "sgst", "utgst", "igst")),
    *(rupees(f"tcs_{part}_amount") for part in ("cgst", "sgst", "utgst", "igst")),
    text("warehouse_id"),
    text("fulfillment_channel"),
    text("payment_method_code"),
    text("credit_note_no"),
    instant("credit_noted", "credit note date"),
)

FAMILY = Family(
    name="gst_b2c",
    title="a GST report of sales to consumers (MTR B2C)",
    report_types=("GET_GST_MTR_B2C_CUSTOM",),
    obtained=Obtained.REQUESTED,
    scope=Scope.ACCOUNT,
    format=Format.CSV,
    also_in=(Format.TSV_QUOTED,),
    countries=("IN",),
    every=dt.timedelta(days=7),
    longest_window=dt.timedelta(days=31),
    overlap=dt.timedelta(days=31),
    earliest=dt.timedelta(days=540),
    columns=COLUMNS,
    key=("transaction_type", "invoice_number", "order_id", "shipment_item_id", "credit_note_no"),
    repeats=True,
    recognised_by=("seller_gstin", "tax_exclusive_gross"),
    filled=("transaction_type", "order_id"),
)

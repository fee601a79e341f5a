"""GST merchant tax report of India, sales to businesses: the columns of sales to consumers, and the buyer's.

Columns as public readers find them in real files. The buyer's name and tax number stand in it, hence the restricted data
token.
"""

from __future__ import annotations

from dataclasses import replace

from tieout.reports.families import gst_b2c
from tieout.reports.family import Personal, personal, text

FAMILY = replace(
    gst_b2c.FAMILY,
    name="gst_b2b",
    title="a GST report of sales to businesses (MTR B2B)",
    report_types=("GET_GST_MTR_B2B_CUSTOM",),
    restricted=True,
    columns=(
        *gst_b2c.COLUMNS,
        personal("bill_to_city", Personal.ADDRESS),
        personal("bill_to_state", Personal.ADDRESS),
        text("bill_to_country"),
        personal("bill_to_postal_code", Personal.ADDRESS, "bill to postalcode"),
        personal("customer_bill_to_gstid", Personal.TAX_NUMBER, required=True, hashed=True),
        personal("customer_ship_to_gstid", Personal.TAX_NUMBER),
        personal("buyer_name", Personal.NAME, required=True),
        text("irn_number"),
        text("irn_filing_status"),
        text("irn_date"),
        text("irn_error_code"),
    ),
    recognised_by=("seller_gstin", "tax_exclusive_gross", "customer_bill_to_gstid", "buyer_name"),
)

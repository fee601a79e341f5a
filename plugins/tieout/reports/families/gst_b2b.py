"""GST merchant tax report of India, sales to businesses: the columns of sales to consumers, and the buyer's.

Columns as public readers find them in real files. The buyer's name and tax number stand in it, hence the restricted data
token.
"""

from __future__ import annotations

from dataclasses import replace

from tieout.reports.families import gst_b2c
from tieout.reports.family import text

FAMILY = replace(
    gst_b2c.FAMILY,
    name="gst_b2b",
    title="a GST report of sales to businesses (MTR B2B)",
    report_types=("GET_GST_MTR_B2B_CUSTOM",),
    restricted=True,
    columns=(
        *gst_b2c.COLUMNS,
        text("bill_to_city"),
        text("bill_to_state"),
        text("bill_to_country"),
        text("bill_to_postal_code", "bill to postalcode"),
        text("customer_bill_to_gstid", required=True),
        text("customer_ship_to_gstid"),
        text("buyer_name", required=True),
        text("irn_number"),
        text("irn_filing_status"),
        text("irn_date"),
        text("irn_error_code"),
    ),
    recognised_by=("seller_gstin", "tax_exclusive_gross", "customer_bill_to_gstid", "buyer_name"),
)

"""What the readers stage: one schema for the lines of Flat File V1 and V2, and one for their settlements."""

from __future__ import annotations

import pyarrow as pa

MONEY = pa.decimal128(18, 2)
INSTANT = pa.timestamp("us", "UTC")

LINES_SCHEMA = pa.schema(
    [
        ("document_id", pa.string()),
        ("line_no", pa.int64()),
        ("source_column", pa.string()),
        ("settlement_id", pa.string()),
        ("currency", pa.string()),
        ("transaction_type", pa.string()),
        ("order_id", pa.string()),
        ("merchant_order_id", pa.string()),
        ("adjustment_id", pa.string()),
        ("shipment_id", pa.string()),
        ("marketplace_name", pa.string()),
        ("amount_type", pa.string()),
        ("amount_description", pa.string()),
        ("amount", MONEY),
        ("fulfillment_id", pa.string()),
        ("posted_date", pa.date32()),
        ("posted_at", INSTANT),
        ("order_item_code", pa.string()),
        ("merchant_order_item_id", pa.string()),
        ("merchant_adjustment_item_id", pa.string()),
        ("sku", pa.string()),
        ("quantity_purchased", pa.int32()),
        ("promotion_id", pa.string()),
    ]
)
"""One row an amount, in file order; grain (document_id, line_no, source_column)."""

SETTLEMENTS_SCHEMA = pa.schema(
    [
        ("document_id", pa.string()),
        ("settlement_id", pa.string()),
        ("currency", pa.string()),
        ("settlement_start_at", INSTANT),
        ("settlement_end_at", INSTANT),
        ("deposit_at", INSTANT),
        ("control_total", MONEY),
        ("sum_of_lines", MONEY),
        ("lines", pa.int64()),
        ("summary_line_no", pa.int64()),
    ]
)

-- staging.settlement_line
--
-- The lines of the documents of this load, typed, from their staged Parquet.
--
-- Grain:   one row a document, physical line and amount column
-- Key:     document_id, line_no, source_column
-- Inputs:  staging.settlement_line_file
-- Written: a view, for the time of a load
--
-- Columns:
--   document_id                  | VARCHAR NOT NULL | The document.
--   line_no                      | BIGINT NOT NULL  | Physical line of the decoded file (the header is line 1).
--   source_column                | VARCHAR NOT NULL | Column of the file that the amount stands in.
--   settlement_id                | VARCHAR NOT NULL | Amazon's id of the settlement.
--   currency                     | VARCHAR          | Currency of the amount, ISO 4217.
--   transaction_type             | VARCHAR          | Amazon's `transaction-type`.
--   order_id                     | VARCHAR          | Amazon's `order-id`.
--   order_reference_kind         | VARCHAR NOT NULL | What `order_id` holds, by its form: `amazon_order` (3-7-7 digits), `fba_shipment` (`FBA...`), `mcf_order` (multi-channel, `S01-...`), `other`, or `none`.
--   merchant_order_id            | VARCHAR          | Amazon's `merchant-order-id`.
--   adjustment_id                | VARCHAR          | Amazon's `adjustment-id`.
--   shipment_id                  | VARCHAR          | Amazon's `shipment-id`.
--   marketplace_name             | VARCHAR          | Amazon's `marketplace-name`.
--   amount_type                  | VARCHAR          | Amazon's `amount-type`.
--   amount_description           | VARCHAR          | Amazon's `amount-description`.
--   amount                       | DECIMAL(18,2)    | The amount, in `currency`; null on a V1 line that carries a quantity alone.
--   fulfillment_id               | VARCHAR          | Amazon's `fulfillment-id`.
--   posted_date                  | DATE             | Amazon's `posted-date`, in the time zone that the file writes.
--   posted_at                    | TIMESTAMPTZ      | Amazon's posted date and time, UTC; null when the file gives only a date.
--   order_item_code              | VARCHAR          | Amazon's `order-item-code`.
--   merchant_order_item_id       | VARCHAR          | Amazon's `merchant-order-item-id`.
--   merchant_adjustment_item_id  | VARCHAR          | Amazon's `merchant-adjustment-item-id`.
--   sku                          | VARCHAR          | The seller's stock-keeping unit.
--   quantity_purchased           | INTEGER          | Units. V2 repeats it on every line of an item: do not add it up.
--   promotion_id                 | VARCHAR          | Amazon's `promotion-id`.

SELECT
  document_id,
  CAST(line_no AS BIGINT) AS line_no,
  source_column,
  settlement_id,
  currency,
  transaction_type,
  order_id,
  CASE
    WHEN order_id IS NULL THEN 'none'
    WHEN regexp_matches(order_id, '^[0-9]{3}-[0-9]{7}-[0-9]{7}$') THEN 'amazon_order'
    WHEN regexp_matches(order_id, '^FBA[0-9A-Z]{6,12}$') THEN 'fba_shipment'
    WHEN regexp_matches(order_id, '^S[0-9]{2}-[0-9]{7}-[0-9]{7}$') THEN 'mcf_order'
    ELSE 'other'
  END AS order_reference_kind,
  merchant_order_id,
  adjustment_id,
  shipment_id,
  marketplace_name,
  amount_type,
  amount_description,
  CAST(amount AS DECIMAL(18, 2)) AS amount,
  fulfillment_id,
  posted_date,
  CAST(posted_at AS TIMESTAMPTZ) AS posted_at,
  order_item_code,
  merchant_order_item_id,
  merchant_adjustment_item_id,
  sku,
  CAST(quantity_purchased AS INTEGER) AS quantity_purchased,
  promotion_id
FROM staging.settlement_line_file

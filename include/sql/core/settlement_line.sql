-- core.settlement_line
--
-- The lines of the current version of every settlement, each with the category that the fee dictionary gives it. Lines
-- have no natural key, and genuine duplicates exist: a line is its place in its document.
--
-- Grain:   one row a document, physical line and amount column
-- Key:     document_id, line_no, source_column
-- Inputs:  staging.changed_settlement, core.settlement_version, staging.settlement_line, staging.line_kind
-- Written: by the load; a settlement is replaced whole
--
-- Columns:
--   region                       | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                      | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   settlement_id                | VARCHAR NOT NULL | Amazon's id of the settlement.
--   document_id                  | VARCHAR NOT NULL | The document that the line stands in.
--   line_no                      | BIGINT NOT NULL  | Physical line of the decoded file (the header is line 1).
--   source_column                | VARCHAR NOT NULL | Column of the file that the amount stands in.
--   currency                     | VARCHAR NOT NULL | Currency of the amount, ISO 4217.
--   amount                       | DECIMAL(18,2)    | The amount, in `currency`, positive towards the seller; null on a V1 line that carries a quantity alone.
--   category                     | VARCHAR          | What the amount is, by core.fee_category; `unknown` when no rule matches; null where the amount is null.
--   is_cash_flow                 | BOOLEAN          | True for money that only moves: it is in the settlement, not in profit and loss; null where the amount is null.
--   transaction_type             | VARCHAR          | Amazon's `transaction-type`.
--   amount_type                  | VARCHAR          | Amazon's `amount-type`.
--   amount_description           | VARCHAR          | Amazon's `amount-description`.
--   posted_date                  | DATE             | Amazon's `posted-date`, in the time zone that the file writes.
--   posted_at                    | TIMESTAMPTZ      | Amazon's posted date and time, UTC; null when the file gives only a date.
--   posted_on                    | DATE             | Day of the posting in the business time zone of the region (Los Angeles, Berlin, Tokyo); the date that the file writes when it gives no time.
--   month                        | DATE             | First day of the month of `posted_on`; null for a line without a date.
--   order_id                     | VARCHAR          | Amazon's `order-id`, as it stands in the file.
--   order_reference_kind         | VARCHAR NOT NULL | What `order_id` holds, by its form: `amazon_order` (3-7-7 digits), `fba_shipment` (`FBA...`), `mcf_order` (multi-channel, `S01-...`), `other`, or `none`.
--   marketplace_name             | VARCHAR          | Amazon's `marketplace-name`, as it stands in the file.
--   sku                          | VARCHAR          | The seller's stock-keeping unit.
--   quantity_purchased           | INTEGER          | Units. V2 repeats it on every line of an item: do not add it up.
--   merchant_order_id            | VARCHAR          | Amazon's `merchant-order-id`.
--   adjustment_id                | VARCHAR          | Amazon's `adjustment-id`.
--   shipment_id                  | VARCHAR          | Amazon's `shipment-id`.
--   fulfillment_id               | VARCHAR          | Amazon's `fulfillment-id`: `AFN` (by Amazon) or `MFN` (by the seller).
--   order_item_code              | VARCHAR          | Amazon's `order-item-code`.
--   merchant_order_item_id       | VARCHAR          | Amazon's `merchant-order-item-id`.
--   merchant_adjustment_item_id  | VARCHAR          | Amazon's `merchant-adjustment-item-id`.
--   promotion_id                 | VARCHAR          | Amazon's `promotion-id`.

WITH

-- The lines with the day on which they were posted
dated AS (
  SELECT
    l.*,
    v.region,
    v.account,
    CASE
      WHEN l.posted_at IS NULL THEN l.posted_date
      WHEN v.region = 'NA' THEN CAST(l.posted_at AT TIME ZONE 'America/Los_Angeles' AS DATE)
      WHEN v.region = 'EU' THEN CAST(l.posted_at AT TIME ZONE 'Europe/Berlin' AS DATE)
      WHEN v.region = 'FE' THEN CAST(l.posted_at AT TIME ZONE 'Asia/Tokyo' AS DATE)
    END AS posted_on
  FROM staging.changed_settlement AS c
  INNER JOIN core.settlement_version AS v
    ON v.account = c.account
    AND v.settlement_id = c.settlement_id
    AND v.status = 'current'
  INNER JOIN staging.settlement_line AS l
    ON l.document_id = v.document_id
    AND l.settlement_id = v.settlement_id
)

SELECT
  l.region,
  l.account,
  l.settlement_id,
  l.document_id,
  l.line_no,
  l.source_column,
  l.currency,
  l.amount,
  CASE WHEN l.amount IS NOT NULL THEN k.category END AS category,
  CASE WHEN l.amount IS NOT NULL THEN k.is_cash_flow END AS is_cash_flow,
  l.transaction_type,
  l.amount_type,
  l.amount_description,
  l.posted_date,
  l.posted_at,
  l.posted_on,
  CAST(date_trunc('month', l.posted_on) AS DATE) AS month,
  l.order_id,
  l.order_reference_kind,
  l.marketplace_name,
  l.sku,
  l.quantity_purchased,
  l.merchant_order_id,
  l.adjustment_id,
  l.shipment_id,
  l.fulfillment_id,
  l.order_item_code,
  l.merchant_order_item_id,
  l.merchant_adjustment_item_id,
  l.promotion_id
FROM dated AS l
LEFT JOIN staging.line_kind AS k
  ON k.transaction_type IS NOT DISTINCT FROM l.transaction_type
  AND k.amount_type IS NOT DISTINCT FROM l.amount_type
  AND k.amount_description IS NOT DISTINCT FROM l.amount_description

-- mart.settlement_version_difference
--
-- What a reissued settlement changed, line by line: each version beside the one before it. A line that is gone stands here
-- with its amount reversed, a line that came with its amount, so that the total of the version before and the amounts of
-- its rows add up to the new total exactly. Book them as they stand to bring the books from the old version to the new.
--
-- Lines have no key, and genuine duplicates exist: two versions are compared as heaps. Of three equal lines before and two
-- after, one is gone. A V1 file says the same money in other words than V2, so between those two every line differs.
--
-- Grain:   one row a version of a settlement and line that came or went
-- Key:     document_id, settlement_id, line_document_id, line_no, source_column
-- Inputs:  staging.changed_settlement, core.settlement_version, core.settlement_line, core.superseded_line
-- Written: replaced by account, settlement_id
--
-- Columns:
--   region                | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account               | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   settlement_id         | VARCHAR NOT NULL | Amazon's id of the settlement.
--   version               | INTEGER NOT NULL | Number of the newer version; the first that was seen is 1.
--   document_id           | VARCHAR NOT NULL | The document of the newer version.
--   previous_document_id  | VARCHAR NOT NULL | The document of the version before it.
--   change                | VARCHAR NOT NULL | `removed` (the line is only in the version before) or `added` (only in the newer one).
--   amount                | DECIMAL(18,2)    | What the change moves, in `currency`: the line's amount when it was added, its opposite when it was removed; null when the line carries a quantity alone.
--   currency              | VARCHAR NOT NULL | Currency of the amount, ISO 4217.
--   line_document_id      | VARCHAR NOT NULL | The document that the line stands in.
--   line_no               | BIGINT NOT NULL  | Physical line of the decoded file (the header is line 1).
--   source_column         | VARCHAR NOT NULL | Column of the file that the amount stands in.
--   category              | VARCHAR          | What the amount is, by core.fee_category; null where the amount is null.
--   transaction_type      | VARCHAR          | Amazon's `transaction-type`.
--   amount_type           | VARCHAR          | Amazon's `amount-type`.
--   amount_description    | VARCHAR          | Amazon's `amount-description`.
--   posted_date           | DATE             | Amazon's `posted-date`, in the time zone that the file writes.
--   order_id              | VARCHAR          | Amazon's `order-id`, as it stands in the file.
--   sku                   | VARCHAR          | The seller's stock-keeping unit.

WITH

-- The versions of the changed settlements that may be loaded, the current one last
version AS (
  SELECT
    v.region,
    v.account,
    v.settlement_id,
    v.document_id,
    row_number() OVER place AS version,
    lag(v.document_id) OVER place AS previous_document_id
  FROM staging.changed_settlement AS c
  INNER JOIN core.settlement_version AS v
    ON v.account = c.account
    AND v.settlement_id = c.settlement_id
    AND v.status IN ('current', 'superseded')
  WINDOW place AS (
    PARTITION BY v.account, v.settlement_id
    ORDER BY CASE WHEN v.status = 'current' THEN 1 ELSE 0 END, v.source DESC, v.document_created_at, v.document_id
  )
),

-- Each version beside the one before it, once for the lines of either
side AS (
  SELECT
    v.*,
    v.document_id AS line_document_id,
    'added' AS change
  FROM version AS v
  WHERE v.previous_document_id IS NOT NULL
  UNION ALL
  SELECT
    v.*,
    v.previous_document_id AS line_document_id,
    'removed' AS change
  FROM version AS v
  WHERE v.previous_document_id IS NOT NULL
),

line AS (
  SELECT
    l.settlement_id,
    l.document_id,
    l.line_no,
    l.category,
    l.source_column,
    l.currency,
    l.amount,
    l.transaction_type,
    l.amount_type,
    l.amount_description,
    l.posted_date,
    l.posted_at,
    l.order_id,
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
  FROM core.settlement_line AS l
  WHERE EXISTS (SELECT 1 FROM side AS s WHERE s.line_document_id = l.document_id)
  UNION ALL
  SELECT
    l.settlement_id,
    l.document_id,
    l.line_no,
    l.category,
    l.source_column,
    l.currency,
    l.amount,
    l.transaction_type,
    l.amount_type,
    l.amount_description,
    l.posted_date,
    l.posted_at,
    l.order_id,
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
  FROM core.superseded_line AS l
  WHERE EXISTS (SELECT 1 FROM side AS s WHERE s.line_document_id = l.document_id)
),

-- The first, second and so on of equal lines of one version
numbered AS (
  SELECT
    s.region,
    s.account,
    s.version,
    s.document_id AS newer_document_id,
    s.previous_document_id,
    s.change,
    l.*,
    row_number() OVER (
      PARTITION BY
        s.document_id,
        s.settlement_id,
        s.change,
        l.source_column,
        l.currency,
        l.amount,
        l.transaction_type,
        l.amount_type,
        l.amount_description,
        l.posted_date,
        l.posted_at,
        l.order_id,
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
      ORDER BY l.line_no
    ) AS nth
  FROM side AS s
  INNER JOIN line AS l
    ON l.document_id = s.line_document_id
    AND l.settlement_id = s.settlement_id
),

-- The first on one side is the first on the other
paired AS (
  SELECT
    n.*,
    count(*) OVER (
      PARTITION BY
        n.newer_document_id,
        n.settlement_id,
        n.source_column,
        n.currency,
        n.amount,
        n.transaction_type,
        n.amount_type,
        n.amount_description,
        n.posted_date,
        n.posted_at,
        n.order_id,
        n.marketplace_name,
        n.sku,
        n.quantity_purchased,
        n.merchant_order_id,
        n.adjustment_id,
        n.shipment_id,
        n.fulfillment_id,
        n.order_item_code,
        n.merchant_order_item_id,
        n.merchant_adjustment_item_id,
        n.promotion_id,
        n.nth
    ) AS sides
  FROM numbered AS n
)

SELECT
  region,
  account,
  settlement_id,
  CAST(version AS INTEGER) AS version,
  newer_document_id AS document_id,
  previous_document_id,
  change,
  CAST(CASE WHEN change = 'added' THEN amount ELSE -amount END AS DECIMAL(18, 2)) AS amount,
  currency,
  document_id AS line_document_id,
  line_no,
  source_column,
  category,
  transaction_type,
  amount_type,
  amount_description,
  posted_date,
  order_id,
  sku
FROM paired
WHERE sides = 1

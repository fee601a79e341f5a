-- staging.newly_covered
--
-- The orders whose comparison may come out otherwise because the coverage of a source has moved: those sold, refunded or
-- purchased in the time that is covered now and was not, or the other way round.
--
-- Grain:   one row per account and order
-- Key:     column_name, account, value
-- Inputs:  staging.moved_coverage, core.settlement_line, core.order_item
-- Written: for the time of one build
--
-- Columns:
--   column_name  | VARCHAR NOT NULL | `order_id`, by which marts are replaced.
--   account      | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   value        | VARCHAR NOT NULL | Amazon's id of the order.

WITH

boundary AS (
  SELECT
    account,
    source,
    marketplace_id,
    covered_from AS boundary_at
  FROM staging.moved_coverage
  UNION ALL
  SELECT
    account,
    source,
    marketplace_id,
    covered_until AS boundary_at
  FROM staging.moved_coverage
),

-- An end that the stretch has before and after has not moved
moved_boundary AS (
  SELECT
    account,
    source,
    marketplace_id,
    boundary_at
  FROM boundary
  GROUP BY
    account,
    source,
    marketplace_id,
    boundary_at
  HAVING count(*) = 1
),

moved_span AS (
  SELECT
    account,
    source = 'settlements' AS is_settlements,
    CAST(min(boundary_at) AS DATE) - 1 AS first_day,
    CAST(max(boundary_at) AS DATE) + 1 AS last_day
  FROM moved_boundary
  WHERE source IN ('orders', 'fba_returns', 'returns', 'settlements')
  GROUP BY
    account,
    source = 'settlements'
)

SELECT
  'order_id' AS column_name,
  line.account,
  line.order_id AS value
FROM core.settlement_line AS line
INNER JOIN moved_span
  ON moved_span.account = line.account
  AND NOT moved_span.is_settlements
  -- a sale is posted up to 14 days after the last change of its order
  AND line.posted_on BETWEEN moved_span.first_day AND moved_span.last_day + 14
WHERE line.order_reference_kind = 'amazon_order'
UNION
SELECT
  'order_id' AS column_name,
  item.account,
  item.order_id AS value
FROM core.order_item AS item
INNER JOIN moved_span
  ON moved_span.account = item.account
  AND moved_span.is_settlements
  AND item.purchased_on BETWEEN moved_span.first_day AND moved_span.last_day

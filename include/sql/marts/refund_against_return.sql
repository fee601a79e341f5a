-- mart.refund_against_return
--
-- Refunds against returns: for every order and SKU of which something was refunded, asked back or came back, what was
-- refunded, what came back, and what Amazon paid for what did not. Money is that of the settlements; units are those of
-- the reports of returns and reimbursements.
--
-- Grain:   one row an order of an account, SKU and currency
-- Key:     account, order_id, sku, currency
-- Inputs:  staging.changed_order_id, core.settlement_line, core.fba_return, core.seller_return, core.reimbursement, core.coverage
-- Written: replaced by account, order_id
--
-- Columns:
--   region             | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account            | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   order_id           | VARCHAR NOT NULL | Amazon's id of the order.
--   sku                | VARCHAR          | The seller's stock-keeping unit; null when the line or report names none.
--   currency           | VARCHAR          | Currency of the amounts, ISO 4217; null when nothing was refunded.
--   refunded           | DECIMAL(38,2)    | Price of goods that was given back to the buyer, in `currency`, negative; null when nothing was.
--   refund_lines       | BIGINT NOT NULL  | Lines of settlements that give back a price of goods.
--   first_refunded_on  | DATE             | Day of the first of them, in the region's business time zone; null when nothing was refunded.
--   units_asked_back   | BIGINT NOT NULL  | Units that the buyer asked to send back to the seller.
--   units_returned     | BIGINT NOT NULL  | Units that came back, to Amazon or to the seller.
--   first_returned_on  | DATE             | Day on which the first came back, in the report's time zone; null when none did.
--   units_reimbursed   | BIGINT NOT NULL  | Units of the order that Amazon paid for or gave back as stock, reversals taken off.
--   state              | VARCHAR NOT NULL | `refund_and_return`; `reimbursed` (refunded, nothing came back, and Amazon made it good); `refund_without_return`; `return_without_refund`; `asked_back` (neither yet); or `not_covered` (refunded on a day that no report of returns covers).

WITH

refund AS (
  SELECT
    l.account,
    l.order_id,
    l.sku,
    l.currency,
    min(l.region) AS region,
    sum(l.amount) AS amount,
    count(*) AS lines,
    min(l.posted_on) AS first_on
  FROM core.settlement_line AS l
  INNER JOIN staging.changed_order_id AS c
    ON c.account = l.account
    AND c.order_id = l.order_id
  WHERE l.category = 'refunds'
    AND l.order_reference_kind = 'amazon_order'
  GROUP BY
    l.account,
    l.order_id,
    l.sku,
    l.currency
),

-- What the reports say of units, one below the other
unit AS (
  SELECT
    r.region,
    r.account,
    r.order_id,
    r.sku,
    0 AS asked_back,
    r.quantity AS returned,
    r.returned_on,
    0 AS reimbursed
  FROM core.fba_return AS r
  INNER JOIN staging.changed_order_id AS c
    ON c.account = r.account
    AND c.order_id = r.order_id
  UNION ALL
  SELECT
    r.region,
    r.account,
    r.order_id,
    r.sku,
    r.quantity AS asked_back,
    CASE WHEN r.delivered_on IS NOT NULL THEN r.quantity ELSE 0 END AS returned,
    r.delivered_on AS returned_on,
    0 AS reimbursed
  FROM core.seller_return AS r
  INNER JOIN staging.changed_order_id AS c
    ON c.account = r.account
    AND c.order_id = r.order_id
  UNION ALL
  SELECT
    r.region,
    r.account,
    r.order_id,
    r.sku,
    0 AS asked_back,
    0 AS returned,
    CAST(NULL AS DATE) AS returned_on,
    CASE
      WHEN r.amount < 0 THEN -(coalesce(r.quantity_in_cash, 0) + coalesce(r.quantity_in_stock, 0))
      ELSE coalesce(r.quantity_in_cash, 0) + coalesce(r.quantity_in_stock, 0)
    END AS reimbursed
  FROM core.reimbursement AS r
  INNER JOIN staging.changed_order_id AS c
    ON c.account = r.account
    AND c.order_id = r.order_id
),

units AS (
  SELECT
    account,
    order_id,
    sku,
    min(region) AS region,
    CAST(sum(asked_back) AS BIGINT) AS asked_back,
    CAST(sum(returned) AS BIGINT) AS returned,
    min(returned_on) AS first_on,
    CAST(sum(reimbursed) AS BIGINT) AS reimbursed
  FROM unit
  GROUP BY
    account,
    order_id,
    sku
),

-- Refunds on a day that reports of returns cover: units that came back since would be in them
refund_covered AS (
  SELECT DISTINCT
    refund.account,
    refund.order_id
  FROM refund
  INNER JOIN core.coverage AS returns_coverage
    ON returns_coverage.account = refund.account
    AND returns_coverage.source IN ('fba_returns', 'returns')
    AND CAST(returns_coverage.covered_from AS DATE) <= refund.first_on
    AND CAST(returns_coverage.covered_until AS DATE) > refund.first_on
)

SELECT
  coalesce(r.region, u.region) AS region,
  coalesce(r.account, u.account) AS account,
  coalesce(r.order_id, u.order_id) AS order_id,
  coalesce(r.sku, u.sku) AS sku,
  r.currency,
  CAST(r.amount AS DECIMAL(38, 2)) AS refunded,
  coalesce(r.lines, 0) AS refund_lines,
  r.first_on AS first_refunded_on,
  coalesce(u.asked_back, 0) AS units_asked_back,
  coalesce(u.returned, 0) AS units_returned,
  u.first_on AS first_returned_on,
  coalesce(u.reimbursed, 0) AS units_reimbursed,
  CASE
    WHEN r.lines IS NOT NULL AND u.returned > 0 THEN 'refund_and_return'
    WHEN r.lines IS NOT NULL AND u.reimbursed > 0 THEN 'reimbursed'
    WHEN r.lines IS NOT NULL AND v.order_id IS NULL THEN 'not_covered'
    WHEN r.lines IS NOT NULL THEN 'refund_without_return'
    WHEN u.returned > 0 THEN 'return_without_refund'
    ELSE 'asked_back'
  END AS state
FROM refund AS r
FULL JOIN units AS u
  ON u.account = r.account
  AND u.order_id = r.order_id
  AND u.sku IS NOT DISTINCT FROM r.sku
LEFT JOIN refund_covered AS v
  ON v.account = r.account
  AND v.order_id = r.order_id
WHERE r.lines IS NOT NULL
  OR u.asked_back > 0
  OR u.returned > 0

-- mart.order_to_cash
--
-- From order to cash: what of each order was ordered, what of it is settled, when, in which settlements, and what is
-- still open. The price of goods, shipping and gift wrap less promotions, tax left out, is compared with what the
-- settlements' lines of the sale say; refunds and fees stand beside it.
--
-- An order that is not settled is `open` until Amazon settles it, days or weeks after its shipment. What one side could
-- not have reported, because its reports begin later, is `not_covered`.
--
-- Grain:   one row an order of an account and currency
-- Key:     account, order_id, currency
-- Inputs:  staging.changed_order_id, core.order_item, core.settlement_line, core.settlement, core.marketplace, core.coverage
-- Written: replaced by account, order_id
--
-- Columns:
--   region               | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account              | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   order_id             | VARCHAR NOT NULL | Amazon's id of the order.
--   currency             | VARCHAR          | Currency of all amounts of this row, ISO 4217; null for an order without a price: cancelled, pending, or multi-channel.
--   purchased_on         | DATE             | Day of the purchase, in the report's time zone; null when no report of orders has it.
--   order_status         | VARCHAR          | State of the order, in Amazon's words; null when no report of orders has it.
--   units_ordered        | BIGINT           | Units ordered; null when no report of orders has it.
--   ordered_amount       | DECIMAL(38,2)    | Goods, shipping and gift wrap less promotions, without tax, in `currency`; null when it is not known.
--   settled_sales        | DECIMAL(38,2)    | The same of the settlements' lines of the sale, in `currency`; null when nothing is settled.
--   difference           | DECIMAL(38,2)    | `settled_sales` less `ordered_amount`, in `currency`: 0.00 when all was settled that was ordered; null when one is not known.
--   refunded             | DECIMAL(38,2)    | Lines of refunds, fees given back included, in `currency`, negative; null when nothing is settled.
--   fees                 | DECIMAL(38,2)    | Fees of the sale, in `currency`, negative; null when nothing is settled.
--   settled_amount       | DECIMAL(38,2)    | All lines of the order but those that only move money, in `currency`, positive towards the seller; null when nothing is settled.
--   lines                | BIGINT NOT NULL  | Lines of settlements that name the order.
--   settlements          | BIGINT NOT NULL  | Settlements that name the order.
--   first_settlement_id  | VARCHAR          | The first of them, by its deposit; null when nothing is settled.
--   first_deposit_at     | TIMESTAMPTZ      | When that settlement is paid, UTC; null when nothing is settled, or it has no date.
--   last_deposit_at      | TIMESTAMPTZ      | When the last of them is paid, UTC; null when nothing is settled, or it has no date.
--   state                | VARCHAR NOT NULL | `settled`; `differs` (settled, and not what was ordered); `open` (no settlement has it); `cancelled`; `refunded_only` (settlements have a refund of it, and no sale); `not_in_orders` (settled, and no report of orders has it, though one covers it); or `not_covered` (the reports of the other side do not cover it).

WITH

-- Every item of the orders
item AS (
  SELECT i.*
  FROM core.order_item AS i
  INNER JOIN staging.changed_order_id AS c
    ON c.account = i.account
    AND c.order_id = i.order_id
),

-- The order itself, whatever its currency
told AS (
  SELECT
    account,
    order_id,
    min(region) AS region,
    min(purchased_on) AS purchased_on,
    max(order_status) AS order_status,
    CAST(sum(quantity) AS BIGINT) AS units_ordered
  FROM item
  GROUP BY
    account,
    order_id
),

-- What it is to cost; an item without a price makes the sum unknown
ordered AS (
  SELECT
    account,
    order_id,
    currency,
    CASE
      WHEN count(*) = count(item_price)
        THEN sum(
          item_price + coalesce(shipping_price, 0) + coalesce(gift_wrap_price, 0)
            - coalesce(item_promotion_discount, 0) - coalesce(ship_promotion_discount, 0)
        )
    END AS amount
  FROM item
  WHERE currency IS NOT NULL
  GROUP BY
    account,
    order_id,
    currency
),

-- The settlements' lines of the orders, with what each is
line AS (
  SELECT
    l.region,
    l.account,
    l.order_id,
    l.currency,
    l.settlement_id,
    l.amount,
    l.posted_on,
    k.marketplace_id,
    s.deposit_at,
    CASE
      WHEN l.transaction_type <> 'Order' THEN 'refund'
      WHEN l.category IN ('product_sales', 'shipping_credits', 'gift_wrap_credits', 'promotions') THEN 'sale'
      WHEN l.category IN ('tax_collected', 'tax_withheld') THEN 'tax'
      ELSE 'fee'
    END AS part
  FROM core.settlement_line AS l
  INNER JOIN staging.changed_order_id AS c
    ON c.account = l.account
    AND c.order_id = l.order_id
  INNER JOIN core.settlement AS s
    ON s.account = l.account
    AND s.settlement_id = l.settlement_id
  LEFT JOIN core.marketplace AS k
    ON k.name = lower(l.marketplace_name)
  WHERE l.amount IS NOT NULL
    AND NOT l.is_cash_flow
    AND l.order_reference_kind = 'amazon_order'
),

settled AS (
  SELECT
    account,
    order_id,
    currency,
    min(region) AS region,
    sum(CASE WHEN part = 'sale' THEN amount END) AS sales,
    sum(CASE WHEN part = 'refund' THEN amount END) AS refunded,
    sum(CASE WHEN part = 'fee' THEN amount END) AS fees,
    sum(amount) AS amount,
    count(*) AS lines,
    count(DISTINCT settlement_id) AS settlements,
    min(posted_on) AS first_posted_on,
    min(marketplace_id) AS marketplace_id,
    first(settlement_id ORDER BY deposit_at NULLS LAST, settlement_id) AS first_settlement_id,
    min(deposit_at) AS first_deposit_at,
    max(deposit_at) AS last_deposit_at
  FROM line
  GROUP BY
    account,
    order_id,
    currency
),

-- Settled orders that a report of orders must have, if it is complete. Reports list orders by their last change, and a sale
-- is posted up to 14 days after it
expected_in_orders AS (
  SELECT DISTINCT
    s.account,
    s.order_id,
    s.currency
  FROM settled AS s
  INNER JOIN core.coverage AS orders_coverage
    ON orders_coverage.account = s.account
    AND orders_coverage.source = 'orders'
    AND (
      orders_coverage.marketplace_id IS NULL
      OR s.marketplace_id IS NULL
      OR orders_coverage.marketplace_id = s.marketplace_id
    )
    AND CAST(orders_coverage.covered_from AS DATE) + 14 <= s.first_posted_on
    AND CAST(orders_coverage.covered_until AS DATE) > s.first_posted_on
),

-- Since when settlements are known of each account
settlements_begin AS (
  SELECT
    account,
    CAST(min(covered_from) AS DATE) AS first_day
  FROM core.coverage
  WHERE source = 'settlements'
  GROUP BY account
),

-- Every order and currency that either side has
known AS (
  SELECT
    account,
    order_id,
    currency
  FROM ordered
  UNION
  SELECT
    account,
    order_id,
    currency
  FROM settled
),

-- And the orders that have no currency anywhere
spine AS (
  SELECT
    k.account,
    k.order_id,
    k.currency
  FROM known AS k
  UNION ALL
  SELECT
    t.account,
    t.order_id,
    CAST(NULL AS VARCHAR) AS currency
  FROM told AS t
  WHERE NOT EXISTS (SELECT 1 FROM known AS k WHERE k.account = t.account AND k.order_id = t.order_id)
)

SELECT
  coalesce(t.region, s.region) AS region,
  p.account,
  p.order_id,
  p.currency,
  t.purchased_on,
  t.order_status,
  t.units_ordered,
  CAST(o.amount AS DECIMAL(38, 2)) AS ordered_amount,
  CAST(s.sales AS DECIMAL(38, 2)) AS settled_sales,
  CAST(s.sales - o.amount AS DECIMAL(38, 2)) AS difference,
  CAST(s.refunded AS DECIMAL(38, 2)) AS refunded,
  CAST(s.fees AS DECIMAL(38, 2)) AS fees,
  CAST(s.amount AS DECIMAL(38, 2)) AS settled_amount,
  coalesce(s.lines, 0) AS lines,
  coalesce(s.settlements, 0) AS settlements,
  s.first_settlement_id,
  s.first_deposit_at,
  s.last_deposit_at,
  CASE
    WHEN s.lines IS NULL AND lower(t.order_status) LIKE 'cancel%' THEN 'cancelled'
    WHEN s.lines IS NULL AND t.purchased_on < b.first_day THEN 'not_covered'
    WHEN s.lines IS NULL THEN 'open'
    WHEN t.order_id IS NULL AND e.order_id IS NULL THEN 'not_covered'
    WHEN t.order_id IS NULL THEN 'not_in_orders'
    WHEN s.sales IS NULL THEN 'refunded_only'
    WHEN s.sales <> o.amount THEN 'differs'
    ELSE 'settled'
  END AS state
FROM spine AS p
LEFT JOIN told AS t
  ON t.account = p.account
  AND t.order_id = p.order_id
LEFT JOIN ordered AS o
  ON o.account = p.account
  AND o.order_id = p.order_id
  AND o.currency = p.currency
LEFT JOIN settled AS s
  ON s.account = p.account
  AND s.order_id = p.order_id
  AND s.currency = p.currency
LEFT JOIN expected_in_orders AS e
  ON e.account = p.account
  AND e.order_id = p.order_id
  AND e.currency = p.currency
LEFT JOIN settlements_begin AS b
  ON b.account = p.account

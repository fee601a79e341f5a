-- mart.fulfillment_fee_difference
--
-- Fulfilment fees as estimated against those charged: what settlements charged a month for fulfilling a SKU's units, and
-- what the fee preview of that month says one unit costs, times the units. A size or weight that Amazon measured wrong
-- shows here.
--
-- The preview that counts is the last of the month for the marketplace. Referral fees are not compared: they follow the
-- price of each sale.
--
-- Grain:   one row a month of an account, SKU and currency
-- Key:     account, month, sku, country, currency
-- Inputs:  staging.changed_month, core.settlement_line, core.marketplace, core.fee_preview, core.coverage
-- Written: replaced by account, month
--
-- Columns:
--   region         | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account        | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   month          | DATE NOT NULL          | First day of the month in which the fees were posted, in the region's business time zone.
--   sku            | VARCHAR NOT NULL       | The seller's stock-keeping unit.
--   country        | VARCHAR                | Country of the marketplace, ISO 3166.
--   currency       | VARCHAR NOT NULL       | Currency of all amounts of this row, ISO 4217.
--   units          | BIGINT NOT NULL        | Units for whose fulfilment a fee was charged.
--   charged        | DECIMAL(38,2) NOT NULL | What was charged, in `currency`, negative.
--   estimated_fee  | DECIMAL(18,2)          | Fee of one unit by the preview, in `currency`, positive as Amazon writes it; null when there is no preview.
--   preview_day    | DATE                   | Day of that preview, UTC; null when there is none.
--   estimated      | DECIMAL(38,2)          | That fee for all units, in `currency`, negative; null when there is no preview.
--   difference     | DECIMAL(38,2)          | `charged` less `estimated`, in `currency`: negative when more was charged; null when there is no preview.
--   state          | VARCHAR NOT NULL       | `agrees`; `differs`; `not_in_preview` (a preview of the month lacks the SKU); or `not_covered` (no preview of the month and marketplace).

WITH

-- A line is the fee of all units of an item; Amazon repeats the item's quantity on it
charged AS (
  SELECT
    min(l.region) AS region,
    l.account,
    l.month,
    l.sku,
    m.country,
    l.currency,
    CAST(sum(l.quantity_purchased) AS BIGINT) AS units,
    sum(l.amount) AS amount
  FROM core.settlement_line AS l
  INNER JOIN staging.changed_month AS c
    ON c.account = l.account
    AND c.month = l.month
  LEFT JOIN core.marketplace AS m
    ON m.name = lower(l.marketplace_name)
  WHERE l.transaction_type = 'Order'
    AND l.amount_description = 'FBAPerUnitFulfillmentFee'
    AND l.sku IS NOT NULL
    AND l.quantity_purchased IS NOT NULL
    AND l.amount IS NOT NULL
  GROUP BY
    l.account,
    l.month,
    l.sku,
    m.country,
    l.currency
),

-- The previews of the months, by the country of the marketplace they were asked for; 1 is the last
preview AS (
  SELECT
    p.account,
    p.month,
    p.sku,
    m.country,
    p.currency,
    p.as_of_day,
    p.expected_fulfillment_fee AS fee,
    row_number() OVER (
      PARTITION BY p.account, p.month, p.sku, m.country, p.currency
      ORDER BY
        p.as_of_day DESC,
        CASE WHEN upper(p.store) = m.country THEN 0 ELSE 1 END,
        p.line_no
    ) AS place
  FROM core.fee_preview AS p
  INNER JOIN staging.changed_month AS c
    ON c.account = p.account
    AND c.month = p.month
  INNER JOIN core.marketplace AS m
    ON m.marketplace_id = p.marketplace_ids
    AND m.is_first_name
  WHERE p.expected_fulfillment_fee IS NOT NULL
),

-- The months and countries of which there is a preview, whatever it holds
previewed AS (
  SELECT DISTINCT
    c.account,
    c.month,
    m.country
  FROM staging.changed_month AS c
  INNER JOIN core.coverage AS preview_coverage
    ON preview_coverage.account = c.account
    AND preview_coverage.source = 'fee_preview'
    AND CAST(preview_coverage.covered_from AS DATE) < c.month + INTERVAL '1' MONTH
    AND CAST(preview_coverage.covered_until AS DATE) >= c.month
  INNER JOIN core.marketplace AS m
    ON m.marketplace_id = preview_coverage.marketplace_id
    AND m.is_first_name
)

SELECT
  h.region,
  h.account,
  h.month,
  h.sku,
  h.country,
  h.currency,
  h.units,
  CAST(h.amount AS DECIMAL(38, 2)) AS charged,
  p.fee AS estimated_fee,
  p.as_of_day AS preview_day,
  CAST(-p.fee * h.units AS DECIMAL(38, 2)) AS estimated,
  CAST(h.amount + p.fee * h.units AS DECIMAL(38, 2)) AS difference,
  CASE
    WHEN p.fee IS NOT NULL AND h.amount + p.fee * h.units = 0 THEN 'agrees'
    WHEN p.fee IS NOT NULL THEN 'differs'
    WHEN v.account IS NOT NULL THEN 'not_in_preview'
    ELSE 'not_covered'
  END AS state
FROM charged AS h
LEFT JOIN preview AS p
  ON p.account = h.account
  AND p.month = h.month
  AND p.sku = h.sku
  AND p.country = h.country
  AND p.currency = h.currency
  AND p.place = 1
LEFT JOIN previewed AS v
  ON v.account = h.account
  AND v.month = h.month
  AND v.country = h.country

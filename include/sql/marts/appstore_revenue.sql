-- mart.appstore_revenue
--
-- What each app, item and subscription brought in a marketplace and month in the Appstore. Adjustments count in the month in
-- which they are made, and only in the earnings: their price is that of what they correct.
--
-- Grain:   one row a developer, month, marketplace, currency and ASIN
-- Key:     account, month, marketplace, currency, asin
-- Inputs:  core.appstore_sale, staging.changed_month
-- Written: replaced by account, month
--
-- Columns:
--   account            | VARCHAR NOT NULL       | The developer.
--   month              | DATE NOT NULL          | First day of the month, in the marketplace's time zone.
--   marketplace        | VARCHAR NOT NULL       | Amazon's name of the marketplace.
--   currency           | VARCHAR NOT NULL       | Currency of all amounts of the row, ISO 4217.
--   asin               | VARCHAR NOT NULL       | Amazon's id of the app, item or subscription.
--   vendor_sku         | VARCHAR                | The developer's id of it.
--   app                | VARCHAR                | Name of the app in the marketplace; null for a test ASIN.
--   item               | VARCHAR                | Name of the app, item or subscription; null for a test ASIN.
--   item_type          | VARCHAR                | `Subscription`, `In-App`, `Game`, `In-Game` or `Application`.
--   transactions       | BIGINT NOT NULL        | Rows of the sales report, adjustments included.
--   units_sold         | BIGINT NOT NULL        | Units charged, and units whose chargeback was reversed.
--   units_taken_back   | BIGINT NOT NULL        | Units refunded or charged back.
--   units              | BIGINT NOT NULL        | Units sold less units taken back.
--   sales              | DECIMAL(38,2) NOT NULL | What customers paid, in `currency`.
--   refunds            | DECIMAL(38,2) NOT NULL | What customers got back by refunds, in `currency`, negative.
--   chargebacks        | DECIMAL(38,2) NOT NULL | What customers got back by chargebacks less what reversals returned, in `currency`.
--   net_sales          | DECIMAL(38,2) NOT NULL | Sales, refunds and chargebacks, in `currency`.
--   adjustments        | DECIMAL(38,2) NOT NULL | What adjustments brought or took of the developer's part, in `currency`.
--   estimated_earnings | DECIMAL(38,2) NOT NULL | The developer's part, in `currency`, adjustments included, as estimated by Amazon.

SELECT
  s.account,
  s.month,
  s.marketplace,
  s.currency,
  s.asin,
  max(s.vendor_sku) AS vendor_sku,
  max(s.app) AS app,
  max(s.item) AS item,
  max(s.item_type) AS item_type,
  count(*) AS transactions,
  sum(CASE WHEN s.is_taken_back THEN 0 ELSE s.units_moved END) AS units_sold,
  sum(CASE WHEN s.is_taken_back THEN -s.units_moved ELSE 0 END) AS units_taken_back,
  sum(s.units_moved) AS units,
  sum(CASE WHEN s.transaction_type = 'Charge' AND NOT s.is_adjustment THEN s.sales_price ELSE 0 END) AS sales,
  sum(CASE WHEN s.transaction_type = 'Refund' AND NOT s.is_adjustment THEN s.sales_price ELSE 0 END) AS refunds,
  sum(
    CASE
      WHEN s.transaction_type IN ('Chargeback', 'Chargeback reversal') AND NOT s.is_adjustment THEN s.sales_price
      ELSE 0
    END
  ) AS chargebacks,
  sum(CASE WHEN s.is_adjustment THEN 0 ELSE s.sales_price END) AS net_sales,
  sum(CASE WHEN s.is_adjustment THEN s.estimated_earnings ELSE 0 END) AS adjustments,
  sum(s.estimated_earnings) AS estimated_earnings
FROM core.appstore_sale AS s
INNER JOIN staging.changed_month AS c
  ON c.account = s.account
  AND c.month = s.month
GROUP BY
  s.account,
  s.month,
  s.marketplace,
  s.currency,
  s.asin

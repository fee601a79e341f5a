-- mart.appstore_refund
--
-- The totals of each type of transaction in a marketplace and month in the Appstore: what was charged, refunded, charged back and
-- given back again, and what adjustments moved. Rows of all types together are the month's sales report.
--
-- Grain:   one row a developer, month, marketplace, currency, type and adjustment
-- Key:     account, month, marketplace, currency, transaction_type, is_adjustment
-- Inputs:  core.appstore_sale, staging.changed_month
-- Written: replaced by account, month
--
-- Columns:
--   account            | VARCHAR NOT NULL       | The developer.
--   month              | DATE NOT NULL          | First day of the month in which it was made, in the marketplace's time zone.
--   marketplace        | VARCHAR NOT NULL       | Amazon's name of the marketplace.
--   currency           | VARCHAR NOT NULL       | Currency of all amounts of the row, ISO 4217.
--   transaction_type   | VARCHAR NOT NULL       | `Charge`, `Refund`, `Chargeback` or `Chargeback reversal`.
--   is_adjustment      | BOOLEAN NOT NULL       | Whether the rows correct earlier transactions.
--   transactions       | BIGINT NOT NULL        | Rows of the sales report.
--   units              | BIGINT NOT NULL        | Units of these rows, as Amazon writes them.
--   sales_price        | DECIMAL(38,2) NOT NULL | Sum of the prices, in `currency`; of adjustments, that of what they correct.
--   estimated_earnings | DECIMAL(38,2) NOT NULL | The developer's part, in `currency`, negative where it is taken back.

SELECT
  s.account,
  s.month,
  s.marketplace,
  s.currency,
  s.transaction_type,
  s.is_adjustment,
  count(*) AS transactions,
  sum(s.units) AS units,
  sum(s.sales_price) AS sales_price,
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
  s.transaction_type,
  s.is_adjustment

-- staging.newly_rated
--
-- What has to be converted again because an exchange rate came, went or changed: settlements by the day of their deposit,
-- and months of the Appstore.
--
-- Grain:   one row per account and settlement or month
-- Key:     column_name, account, value
-- Inputs:  staging.moved_exchange_rate, core.settlement, core.appstore_sale
-- Written: for the time of one build
--
-- Columns:
--   column_name  | VARCHAR NOT NULL | `settlement_id` or `month`, by which marts are replaced.
--   account      | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   value        | VARCHAR NOT NULL | Amazon's id of the settlement, or the first day of the month.

SELECT
  'settlement_id' AS column_name,
  settlement.account,
  settlement.settlement_id AS value
FROM core.settlement AS settlement
INNER JOIN staging.moved_exchange_rate AS moved
  ON moved.currency = settlement.currency
  AND CAST(coalesce(settlement.deposit_at, settlement.settlement_end_at) AS DATE)
  BETWEEN moved.rate_on AND moved.valid_until
UNION
SELECT
  'month' AS column_name,
  sale.account,
  CAST(sale.month AS VARCHAR) AS value
FROM core.appstore_sale AS sale
INNER JOIN staging.moved_exchange_rate AS moved
  ON moved.currency = sale.currency
  AND sale.month = CAST(date_trunc('MONTH', moved.rate_on) AS DATE)

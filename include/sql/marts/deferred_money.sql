-- mart.deferred_money
--
-- Money that is deferred now: sales that Amazon has told of and not released, by the reason and the day on which they
-- are to be released. They are in no settlement yet.
--
-- Grain:   one row an account, currency, reason and day of release
-- Key:     account, currency, deferral_reason, matures_on
-- Inputs:  core.transaction
-- Written: rebuilt
--
-- Columns:
--   region           | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account          | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   currency         | VARCHAR NOT NULL | Currency of all amounts of this row, ISO 4217.
--   deferral_reason  | VARCHAR          | Why, in Amazon's words, e.g. `DD7`; null when it does not tell.
--   matures_on       | DATE             | Day on which it is to be released, as Amazon writes it; null when it does not tell.
--   transactions     | BIGINT NOT NULL  | Transactions that are deferred.
--   amount           | DECIMAL(38,2)    | Their sum, in `currency`, positive towards the seller.
--   first_posted_on  | DATE             | Day of the posting of the first of them, UTC.

SELECT
  min(t.region) AS region,
  t.account,
  t.currency,
  t.deferral_reason,
  t.matures_on,
  count(*) AS transactions,
  CAST(sum(t.total_amount) AS DECIMAL(38, 2)) AS amount,
  min(t.posted_on) AS first_posted_on
FROM core.transaction AS t
WHERE t.transaction_status = 'DEFERRED'
  AND t.currency IS NOT NULL
GROUP BY
  t.account,
  t.currency,
  t.deferral_reason,
  t.matures_on

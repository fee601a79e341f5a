-- mart.month_converted
--
-- What each settlement moved in a month by category, in its own currency and in the reporting currency, at the rate with
-- which mart.settlement_converted converts its deposit. Each amount is rounded on its own, so sums of converted amounts
-- may differ from the converted deposit by some cents.
--
-- Grain:   one row a settlement of an account, month and category
-- Key:     account, settlement_id, month, category
-- Inputs:  staging.changed_settlement, mart.settlement_by_month, mart.settlement_converted
-- Written: replaced by account, settlement_id
--
-- Columns:
--   region              | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account             | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id       | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   month               | DATE                   | First day of the month in which the lines were posted, in the region's business time zone; null for lines without a date.
--   category            | VARCHAR NOT NULL       | What the amount is, by core.fee_category; `unknown` when no rule matches.
--   is_cash_flow        | BOOLEAN NOT NULL       | True for money that only moves: it is in the settlement, not in profit and loss.
--   currency            | VARCHAR NOT NULL       | Currency of the amount, ISO 4217.
--   amount              | DECIMAL(18,2) NOT NULL | Sum of the lines, in `currency`, positive towards the seller.
--   reporting_currency  | VARCHAR NOT NULL       | The currency into which it is converted, ISO 4217; null when no rates are known.
--   rate                | DECIMAL(20,12)         | What one unit of `currency` is worth in the reporting currency; 1 only if they are the same; null when no source has one.
--   rate_on             | DATE                   | Day of that rate: the last one published on the day or up to 7 days before it; null when there is none.
--   rate_source         | VARCHAR                | `ecb`, `peg`, `file` or `amazon`; null when there is none, or none is needed.
--   converted_amount    | DECIMAL(18,2)          | `amount` in the currency `reporting_currency`, rounded to cents; null when there is no rate.

SELECT
  m.region,
  m.account,
  m.settlement_id,
  m.month,
  m.category,
  m.is_cash_flow,
  m.currency,
  m.amount,
  s.reporting_currency,
  s.rate,
  s.rate_on,
  s.rate_source,
  CASE
    WHEN m.currency = s.reporting_currency THEN m.amount
    ELSE CAST(m.amount * s.rate AS DECIMAL(18, 2))
  END AS converted_amount
FROM mart.settlement_by_month AS m
INNER JOIN staging.changed_settlement AS c
  ON c.account = m.account
  AND c.settlement_id = m.settlement_id
INNER JOIN mart.settlement_converted AS s
  ON s.account = m.account
  AND s.settlement_id = m.settlement_id

-- mart.settlement_converted
--
-- What each settlement paid, in its own currency and in the reporting currency, at the rate of the day of the deposit. Of
-- several sources the one that goes first counts (core.exchange_rate_source). A settlement whose currency has no rate stays
-- unconverted, and has a row in mart.trouble.
--
-- Grain:   one row a loaded settlement of an account
-- Key:     account, settlement_id
-- Inputs:  staging.changed_settlement, core.settlement, core.exchange_rate, core.reporting_currency
-- Written: replaced by account, settlement_id
--
-- Columns:
--   region              | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account             | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id       | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   deposit_at          | TIMESTAMPTZ            | When Amazon says that the deposit is made, UTC; null when it has no date.
--   converted_on        | DATE                   | The day whose rate counts: that of the deposit, UTC, or of the settlement's end when it has none.
--   currency            | VARCHAR NOT NULL       | Currency of the settlement, ISO 4217.
--   amount              | DECIMAL(18,2) NOT NULL | Control total, in `currency`: what the bank must see when it is positive.
--   reporting_currency  | VARCHAR NOT NULL       | The currency into which it is converted, ISO 4217; null when no rates are known.
--   rate                | DECIMAL(20,12)         | What one unit of `currency` is worth in the reporting currency; 1 only if they are the same; null when no source has one.
--   rate_on             | DATE                   | Day of that rate: the last one published on the day or up to 7 days before it; null when there is none.
--   rate_source         | VARCHAR                | `ecb`, `peg`, `file` or `amazon`; null when there is none, or none is needed.
--   rate_origin         | VARCHAR                | Who published the rate, the name of the file, or the event group; null when there is none.
--   converted_amount    | DECIMAL(18,2)          | `amount` in the currency `reporting_currency`, rounded to cents; null when there is no rate.

WITH

dated AS (
  SELECT
    s.region,
    s.account,
    s.settlement_id,
    s.deposit_at,
    CAST(coalesce(s.deposit_at, s.settlement_end_at) AS DATE) AS converted_on,
    s.currency,
    s.control_total
  FROM core.settlement AS s
  INNER JOIN staging.changed_settlement AS c
    ON c.account = s.account
    AND c.settlement_id = s.settlement_id
),

-- The rates that hold on the day: 1 is the one that counts
ranked_rate AS (
  SELECT
    d.account,
    d.settlement_id,
    x.rate,
    x.rate_on,
    x.source,
    x.origin,
    row_number() OVER (
      PARTITION BY d.account, d.settlement_id ORDER BY x.precedence, x.rate_on DESC
    ) AS place
  FROM dated AS d
  INNER JOIN core.exchange_rate AS x
    ON x.currency = d.currency
    AND d.converted_on BETWEEN x.rate_on AND x.valid_until
)

SELECT
  d.region,
  d.account,
  d.settlement_id,
  d.deposit_at,
  d.converted_on,
  d.currency,
  d.control_total AS amount,
  p.currency AS reporting_currency,
  CASE WHEN d.currency = p.currency THEN CAST(1 AS DECIMAL(20, 12)) ELSE r.rate END AS rate,
  CASE WHEN d.currency = p.currency THEN d.converted_on ELSE r.rate_on END AS rate_on,
  r.source AS rate_source,
  r.origin AS rate_origin,
  CASE
    WHEN d.currency = p.currency THEN d.control_total
    ELSE CAST(d.control_total * r.rate AS DECIMAL(18, 2))
  END AS converted_amount
FROM dated AS d
CROSS JOIN core.reporting_currency AS p
LEFT JOIN ranked_rate AS r
  ON r.account = d.account
  AND r.settlement_id = d.settlement_id
  AND r.place = 1

-- mart.appstore_revenue_converted
--
-- What each app, item and subscription brought in the Appstore in a marketplace and month, in its own currency and in the
-- reporting currency, at the last rate of that month. Of several sources the one that goes first counts
-- (core.exchange_rate_source). A missing rate leaves the converted amounts unknown.
--
-- Grain:   one row a developer, month, marketplace, currency and ASIN
-- Key:     account, month, marketplace, currency, asin
-- Inputs:  mart.appstore_revenue, staging.changed_month, core.exchange_rate, core.reporting_currency
-- Written: replaced by account, month
--
-- Columns:
--   account                      | VARCHAR NOT NULL       | The developer.
--   month                        | DATE NOT NULL          | First day of the month, in the marketplace's time zone.
--   marketplace                  | VARCHAR NOT NULL       | Amazon's name of the marketplace.
--   currency                     | VARCHAR NOT NULL       | Currency of the amounts before conversion, ISO 4217.
--   asin                         | VARCHAR NOT NULL       | Amazon's id of the app, item or subscription.
--   app                          | VARCHAR                | Name of the app in the marketplace; null for a test ASIN.
--   net_sales                    | DECIMAL(38,2) NOT NULL | Sales, refunds and chargebacks, in `currency`.
--   estimated_earnings           | DECIMAL(38,2) NOT NULL | The developer's part, in `currency`, as estimated by Amazon.
--   reporting_currency           | VARCHAR NOT NULL       | The currency into which it is converted, ISO 4217.
--   rate                         | DECIMAL(20,12)         | What one unit of `currency` is worth in the reporting currency; 1 only if they are the same; null when none was published in the month.
--   rate_on                      | DATE                   | Day of that rate; null when there is none, or none is needed.
--   rate_source                  | VARCHAR                | `ecb`, `peg`, `file` or `amazon`; null when there is none, or none is needed.
--   converted_net_sales          | DECIMAL(18,2)          | `net_sales` in the currency `reporting_currency`, rounded to cents; null when there is no rate.
--   converted_estimated_earnings | DECIMAL(18,2)          | `estimated_earnings` in the currency `reporting_currency`, rounded to cents; null when there is no rate.

WITH

rates AS (
  SELECT
    currency,
    CAST(date_trunc('MONTH', rate_on) AS DATE) AS month,
    rate,
    rate_on,
    source,
    row_number() OVER (
      PARTITION BY currency, date_trunc('MONTH', rate_on) ORDER BY precedence, rate_on DESC
    ) AS place
  FROM core.exchange_rate
)

SELECT
  r.account,
  r.month,
  r.marketplace,
  r.currency,
  r.asin,
  r.app,
  r.net_sales,
  r.estimated_earnings,
  p.currency AS reporting_currency,
  CASE WHEN r.currency = p.currency THEN 1 ELSE x.rate END AS rate,
  CASE WHEN r.currency = p.currency THEN NULL ELSE x.rate_on END AS rate_on,
  CASE WHEN r.currency = p.currency THEN NULL ELSE x.source END AS rate_source,
  CASE
    WHEN r.currency = p.currency THEN r.net_sales
    ELSE round(CAST(r.net_sales AS DECIMAL(18,2)) * x.rate, 2)
  END AS converted_net_sales,
  CASE
    WHEN r.currency = p.currency THEN r.estimated_earnings
    ELSE round(CAST(r.estimated_earnings AS DECIMAL(18,2)) * x.rate, 2)
  END AS converted_estimated_earnings
FROM mart.appstore_revenue AS r
INNER JOIN staging.changed_month AS c
  ON c.account = r.account
  AND c.month = r.month
CROSS JOIN core.reporting_currency AS p
LEFT JOIN rates AS x
  ON x.currency = r.currency
  AND x.month = r.month
  AND x.place = 1

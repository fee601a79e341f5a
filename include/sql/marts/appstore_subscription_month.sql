-- mart.appstore_subscription_month
--
-- How each subscription did in a marketplace and month in the Appstore: trials that became paid ones, subscribers who left, and
-- what those who stay pay in a year.
--
-- Amazon does not tell which paid subscription was a trial before, so the trials that became paid ones are at most as many as
-- paid ones started. The yearly revenue takes the price that the last full PAID charge of the month had: it is null when there
-- was none.
--
-- Grain:   one row a developer, month, marketplace and subscription
-- Key:     account, month, marketplace, asin
-- Inputs:  core.appstore_sale, core.appstore_subscription_day, staging.changed_month
-- Written: replaced by account, month
--
-- Columns:
--   account                   | VARCHAR NOT NULL | The developer.
--   month                     | DATE NOT NULL    | First day of the month (UTC).
--   marketplace               | VARCHAR NOT NULL | Amazon's name of the marketplace.
--   asin                      | VARCHAR NOT NULL | Amazon's id of the subscription.
--   vendor_sku                | VARCHAR          | The developer's id of it.
--   app                       | VARCHAR          | Name of the app.
--   subscription              | VARCHAR          | Name of the subscription.
--   last_day                  | DATE NOT NULL    | The last day that the report tells of.
--   trials_started            | BIGINT NOT NULL  | Trials that started in the month.
--   trials_ended              | BIGINT NOT NULL  | Trials that ended, whatever became of them.
--   trials_active             | BIGINT NOT NULL  | Trials at the end of the last day.
--   paid_started              | BIGINT NOT NULL  | Paid subscriptions that started, after a trial or without one.
--   paid_ended                | BIGINT NOT NULL  | Paid subscriptions that ended: churn.
--   paid_refunded             | BIGINT NOT NULL  | Paid subscriptions that were refunded.
--   paid_active_before        | BIGINT NOT NULL  | Paid subscriptions before the first day that the report tells of.
--   paid_active               | BIGINT NOT NULL  | Paid subscriptions at the end of the last day.
--   trials_became_paid_at_most | BIGINT NOT NULL  | The smaller of trials ended and paid subscriptions started.
--   currency                  | VARCHAR          | Currency of all amounts of the row, ISO 4217; null without a charge.
--   periods_in_a_year         | BIGINT           | How often a subscriber pays in a year; null without a charge.
--   price                     | DECIMAL(18,2)    | Price of the last full charge in the month, in `currency`.
--   earnings_of_a_charge      | DECIMAL(18,2)    | The developer's part of that charge, in `currency`, estimated.
--   yearly_revenue            | DECIMAL(38,2)    | What the active subscribers pay in a year at that price, in `currency`.
--   yearly_earnings           | DECIMAL(38,2)    | The developer's part of it, in `currency`, estimated.
--   monthly_revenue           | DECIMAL(38,2)    | A twelfth of the yearly revenue, in `currency`, rounded half up.

WITH

days AS (
  SELECT
    d.*,
    row_number() OVER (
      PARTITION BY d.account, d.month, d.marketplace, d.asin, d.subscription_type
      ORDER BY d.day
    ) AS from_first,
    row_number() OVER (
      PARTITION BY d.account, d.month, d.marketplace, d.asin, d.subscription_type
      ORDER BY d.day DESC
    ) AS from_last
  FROM core.appstore_subscription_day AS d
  INNER JOIN staging.changed_month AS c
    ON c.account = d.account
    AND c.month = d.month
),

counted AS (
  SELECT
    account,
    month,
    marketplace,
    asin,
    max(vendor_sku) AS vendor_sku,
    max(app) AS app,
    max(subscription) AS subscription,
    max(day) AS last_day,
    sum(CASE WHEN subscription_type = 'trial' THEN started ELSE 0 END) AS trials_started,
    sum(CASE WHEN subscription_type = 'trial' THEN ended ELSE 0 END) AS trials_ended,
    sum(CASE WHEN subscription_type = 'trial' AND from_last = 1 THEN active ELSE 0 END) AS trials_active,
    sum(CASE WHEN subscription_type = 'paid' THEN started ELSE 0 END) AS paid_started,
    sum(CASE WHEN subscription_type = 'paid' THEN ended ELSE 0 END) AS paid_ended,
    sum(CASE WHEN subscription_type = 'paid' THEN coalesce(refunded, 0) ELSE 0 END) AS paid_refunded,
    sum(CASE WHEN subscription_type = 'paid' AND from_first = 1 THEN active - started + ended ELSE 0 END)
      AS paid_active_before,
    sum(CASE WHEN subscription_type = 'paid' AND from_last = 1 THEN active ELSE 0 END) AS paid_active
  FROM days
  GROUP BY
    account,
    month,
    marketplace,
    asin
),

charges AS (
  SELECT
    s.account,
    s.month,
    s.marketplace,
    s.asin,
    s.currency,
    s.sales_price,
    s.estimated_earnings,
    CASE s.subscription_term
      WHEN 'Weekly' THEN 52
      WHEN 'BiWeekly' THEN 26
      WHEN 'Monthly' THEN 12
      WHEN 'BiMonthly' THEN 6
      WHEN 'Quarterly' THEN 4
      WHEN 'SemiAnnually' THEN 2
      WHEN 'Annually' THEN 1
    END AS periods_in_a_year,
    row_number() OVER (
      PARTITION BY s.account, s.month, s.marketplace, s.asin
      ORDER BY s.booked_at DESC, s.document_id DESC, s.line_no DESC
    ) AS from_last
  FROM core.appstore_sale AS s
  INNER JOIN staging.changed_month AS c
    ON c.account = s.account
    AND c.month = s.month
  WHERE s.transaction_type = 'Charge'
    AND s.subscription_status = 'PAID'
    AND NOT s.is_adjustment
)

SELECT
  n.account,
  n.month,
  n.marketplace,
  n.asin,
  n.vendor_sku,
  n.app,
  n.subscription,
  n.last_day,
  n.trials_started,
  n.trials_ended,
  n.trials_active,
  n.paid_started,
  n.paid_ended,
  n.paid_refunded,
  n.paid_active_before,
  n.paid_active,
  least(n.trials_ended, n.paid_started) AS trials_became_paid_at_most,
  p.currency,
  p.periods_in_a_year,
  p.sales_price AS price,
  p.estimated_earnings AS earnings_of_a_charge,
  n.paid_active * p.periods_in_a_year * CAST(p.sales_price AS DECIMAL(38,2)) AS yearly_revenue,
  n.paid_active * p.periods_in_a_year * CAST(p.estimated_earnings AS DECIMAL(38,2)) AS yearly_earnings,
  -- a twelfth, a little too large: half a cent goes up, and nothing else changes below a thousand million
  round(
    CAST(n.paid_active * p.periods_in_a_year * p.sales_price AS DECIMAL(24,2)) * CAST(0.083333333334 AS DECIMAL(14,12)), 2
  ) AS monthly_revenue
FROM counted AS n
LEFT JOIN charges AS p
  ON p.account = n.account
  AND p.month = n.month
  AND p.marketplace = n.marketplace
  AND p.asin = n.asin
  AND p.from_last = 1

-- mart.appstore_tie_out
--
-- From what Amazon estimated to what it finally says was earned, in each marketplace and month in the Appstore: the estimate, the
-- earnings of the invoice, what the difference is, and what adjustments and tax leave to be paid. `mart.appstore_payment`
-- goes on to the payment.
--
-- Grain:   one row a developer, month, marketplace and currency
-- Key:     account, month, marketplace, currency
-- Inputs:  core.appstore_earning, core.appstore_sale, core.coverage, staging.changed_month
-- Written: replaced by account, month
--
-- Columns:
--   account                | VARCHAR NOT NULL | The developer.
--   month                  | DATE NOT NULL    | First day of the month, in the marketplace's time zone.
--   marketplace            | VARCHAR NOT NULL | Amazon's name of the marketplace.
--   currency               | VARCHAR NOT NULL | Currency of all amounts of the row, ISO 4217.
--   transactions           | BIGINT           | Rows of the sales report; null when there is none.
--   estimated_earnings     | DECIMAL(38,2)    | The developer's part as the sales report estimates it, in `currency`; null without one.
--   estimated_adjustments  | DECIMAL(38,2)    | What of it adjustments are, of this month or an earlier one, in `currency`.
--   invoices               | BIGINT           | Invoices of the earnings report; null when there is none yet.
--   earnings               | DECIMAL(38,2)    | Final earnings before tax and further adjustments, in `currency`; null without an invoice.
--   unexplained            | DECIMAL(38,2)    | Final earnings less the estimate, in `currency`; null unless both are known.
--   adjustments            | DECIMAL(38,2)    | Adjustments that are in no sales report, in `currency`.
--   tax_withheld           | DECIMAL(38,2)    | Tax that Amazon withheld, in `currency`.
--   payable                | DECIMAL(38,2)    | Earnings and adjustments less tax, in `currency`.
--   payment_status         | VARCHAR          | `issued`, `not issued`, `rejected`, or `several`; null without an invoice.
--   state                  | VARCHAR NOT NULL | `ties_out`; `differs`; `not_invoiced` or `not_estimated` (the earnings or the sales report of the month lacks it); or `not_covered` (there is no earnings or sales report of the month).

WITH

estimated AS (
  SELECT
    s.account,
    s.month,
    s.marketplace,
    s.currency,
    count(*) AS transactions,
    sum(s.estimated_earnings) AS estimated_earnings,
    sum(CASE WHEN s.is_adjustment THEN s.estimated_earnings ELSE 0 END) AS estimated_adjustments
  FROM core.appstore_sale AS s
  INNER JOIN staging.changed_month AS c
    ON c.account = s.account
    AND c.month = s.month
  GROUP BY
    s.account,
    s.month,
    s.marketplace,
    s.currency
),

invoiced AS (
  SELECT
    e.account,
    e.month,
    e.marketplace,
    e.currency,
    count(*) AS invoices,
    sum(e.earnings) AS earnings,
    sum(e.adjustments) AS adjustments,
    sum(e.tax_withheld) AS tax_withheld,
    CASE WHEN min(e.payment_status) = max(e.payment_status) THEN min(e.payment_status) ELSE 'several' END AS payment_status
  FROM core.appstore_earning AS e
  INNER JOIN staging.changed_month AS c
    ON c.account = e.account
    AND c.month = e.month
  GROUP BY
    e.account,
    e.month,
    e.marketplace,
    e.currency
),

-- The months that reports of either kind cover
covered AS (
  SELECT DISTINCT
    c.account,
    c.month,
    coverage.source
  FROM staging.changed_month AS c
  INNER JOIN core.coverage AS coverage
    ON coverage.account = c.account
    AND coverage.source IN ('appstore_sales', 'appstore_earnings')
    AND coverage.covered_from <= CAST(c.month AS TIMESTAMPTZ)
    AND coverage.covered_until > CAST(c.month AS TIMESTAMPTZ)
)

SELECT
  coalesce(s.account, e.account) AS account,
  coalesce(s.month, e.month) AS month,
  coalesce(s.marketplace, e.marketplace) AS marketplace,
  coalesce(s.currency, e.currency) AS currency,
  s.transactions,
  s.estimated_earnings,
  s.estimated_adjustments,
  e.invoices,
  e.earnings,
  e.earnings - s.estimated_earnings AS unexplained,
  e.adjustments,
  e.tax_withheld,
  e.earnings + e.adjustments - e.tax_withheld AS payable,
  e.payment_status,
  CASE
    WHEN e.invoices IS NULL AND ec.account IS NULL THEN 'not_covered'
    WHEN e.invoices IS NULL THEN 'not_invoiced'
    WHEN s.transactions IS NULL AND sc.account IS NULL THEN 'not_covered'
    WHEN s.transactions IS NULL THEN 'not_estimated'
    WHEN e.earnings = s.estimated_earnings THEN 'ties_out'
    ELSE 'differs'
  END AS state
FROM estimated AS s
FULL JOIN invoiced AS e
  ON e.account = s.account
  AND e.month = s.month
  AND e.marketplace = s.marketplace
  AND e.currency = s.currency
LEFT JOIN covered AS ec
  ON ec.account = s.account
  AND ec.month = s.month
  AND ec.source = 'appstore_earnings'
LEFT JOIN covered AS sc
  ON sc.account = e.account
  AND sc.month = e.month
  AND sc.source = 'appstore_sales'

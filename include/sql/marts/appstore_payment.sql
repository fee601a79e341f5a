-- mart.appstore_payment
--
-- Each payment for the Appstore once, with the invoices that it is for: what they leave to be paid, converted at the rates of the
-- report, against what was paid. An earnings report has the whole payment on each of its invoices and no number of it: invoices
-- of one currency with the same day, amount and status are one payment.
--
-- Grain:   one row a developer, day, currencies, amount and status
-- Key:     account, paid_on, currency, payment_currency, payment_amount, payment_status
-- Inputs:  core.appstore_earning
-- Written: rebuilt
--
-- Columns:
--   account           | VARCHAR NOT NULL       | The developer.
--   paid_on           | DATE NOT NULL          | Day on which it was issued or rejected.
--   currency          | VARCHAR NOT NULL       | Currency of the invoices, ISO 4217.
--   payment_currency  | VARCHAR NOT NULL       | Currency of the payment, ISO 4217.
--   payment_amount    | DECIMAL(18,2) NOT NULL | The payment, in `payment_currency`.
--   payment_status    | VARCHAR NOT NULL       | `issued` or `rejected`.
--   invoices          | BIGINT NOT NULL        | Invoices that it is for.
--   first_month       | DATE NOT NULL          | First day of the earliest month that it is for.
--   last_month        | DATE NOT NULL          | First day of the latest month that it is for.
--   payable           | DECIMAL(38,2) NOT NULL | What the invoices leave to be paid, in `currency`.
--   converted         | DECIMAL(38,2)          | The same, each invoice converted at its rate and rounded, in `payment_currency`; null without a rate.
--   difference        | DECIMAL(38,2)          | Payment less `converted`, in `payment_currency`.
--   state             | VARCHAR NOT NULL       | `ties_out`, `differs` or `rejected`; `unknown` without a rate.

WITH

payments AS (
  SELECT
    account,
    paid_on,
    currency,
    payment_currency,
    payment_amount,
    payment_status,
    count(*) AS invoices,
    min(month) AS first_month,
    max(month) AS last_month,
    sum(earnings + adjustments - tax_withheld) AS payable,
    CASE
      WHEN count(exchange_rate) = count(*)
        THEN sum(round(CAST(earnings + adjustments - tax_withheld AS DECIMAL(18,2)) * exchange_rate, 2))
    END AS converted
  FROM core.appstore_earning
  WHERE paid_on IS NOT NULL
    AND payment_amount IS NOT NULL
  GROUP BY
    account,
    paid_on,
    currency,
    payment_currency,
    payment_amount,
    payment_status
)

SELECT
  account,
  paid_on,
  currency,
  payment_currency,
  payment_amount,
  payment_status,
  invoices,
  first_month,
  last_month,
  payable,
  converted,
  payment_amount - converted AS difference,
  CASE
    WHEN payment_status = 'rejected' THEN 'rejected'
    WHEN converted IS NULL THEN 'unknown'
    WHEN payment_amount = converted THEN 'ties_out'
    ELSE 'differs'
  END AS state
FROM payments

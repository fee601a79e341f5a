-- core.appstore_earning
--
-- What Amazon says a developer has finally earned in a marketplace and month, and what was paid for it, from the newest version
-- of each month's earnings report. One payment may be for several invoices; its whole amount stands on each of them, so it must
-- not be added up over invoices: `mart.appstore_payment` has each payment once.
--
-- Grain:   one row an invoice
-- Key:     document_id, line_no
-- Inputs:  staging.appstore_earnings
-- Written: merged by month
--
-- Columns:
--   region            | VARCHAR NOT NULL     | `APPSTORE`.
--   account           | VARCHAR NOT NULL     | The developer, by our name for it.
--   marketplace_ids   | VARCHAR              | Null: a report is of all marketplaces.
--   document_id       | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no           | BIGINT NOT NULL      | Physical line of the decoded file on which the row starts (the header is line 1).
--   as_of             | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   month             | DATE NOT NULL        | First day of the month that was earned in.
--   marketplace       | VARCHAR NOT NULL     | Amazon's name of the marketplace.
--   invoice_id        | VARCHAR NOT NULL     | Amazon's id of the invoice.
--   invoiced_on       | DATE                 | Day of the invoice.
--   currency          | VARCHAR NOT NULL     | Currency of earnings, adjustments and tax, ISO 4217: the marketplace's.
--   earnings          | DECIMAL(18,2)        | Earned, in `currency`, before tax and adjustments.
--   adjustments       | DECIMAL(18,2)        | Adjustments that are in no sales report, in `currency`.
--   tax_withheld      | DECIMAL(18,2)        | Tax that Amazon withheld, in `currency`.
--   payment_currency  | VARCHAR              | Currency of the payment, ISO 4217: the one that the developer prefers.
--   exchange_rate     | DECIMAL(18,10)       | Units of `payment_currency` for one of `currency`; no money.
--   payment_amount    | DECIMAL(18,2)        | The whole payment, in `payment_currency`; null when nothing was paid.
--   paid_on           | DATE                 | Day on which it was issued or rejected.
--   payment_status    | VARCHAR NOT NULL     | `issued`, `not issued` or `rejected`.

SELECT
  s.region,
  s.account,
  s.marketplace_ids,
  s.document_id,
  s.line_no,
  s.as_of,
  CAST(date_trunc('MONTH', s.earnings_month) AS DATE) AS month,
  s.marketplace,
  s.invoice_id,
  s.invoice_date AS invoiced_on,
  s.marketplace_currency AS currency,
  s.earnings,
  s.adjustments,
  s.tax_withheld,
  s.payment_currency,
  CAST(s.exchange_rate AS DECIMAL(18,10)) AS exchange_rate,
  s.payment_amount,
  s.payment_date AS paid_on,
  s.payment_status
FROM staging.appstore_earnings AS s

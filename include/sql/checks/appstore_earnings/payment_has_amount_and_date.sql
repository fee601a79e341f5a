-- payment_has_amount_and_date
--
-- A payment that was issued or rejected has an amount, its currency and a date; one that was not has none.
--
-- Severity: blocking
-- Reason:   missing_amount
-- Why:      What was paid is the last word on what was earned.
--
-- One row a document that fails.

SELECT
  document_id,
  min(line_no) AS line_no,
  'Payment Amount' AS column_name,
  count(*) || ' invoices whose payment is ' || min_by(payment_status, line_no) || ', with '
  || coalesce(CAST(min_by(payment_amount, line_no) AS VARCHAR), 'no amount') || ' on '
  || coalesce(CAST(min_by(payment_date, line_no) AS VARCHAR), 'no date') || ', first line ' || min(line_no) AS message,
  min_by(payment_status, line_no) AS observed,
  'issued or rejected with amount and date, or not issued' AS expected
FROM staging.appstore_earnings
WHERE CASE
  WHEN payment_status IN ('issued', 'rejected') THEN payment_amount IS NULL OR payment_date IS NULL
  ELSE payment_status <> 'not issued' OR payment_date IS NOT NULL
END
GROUP BY
  document_id
ORDER BY
  document_id

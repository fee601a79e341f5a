-- amount_has_a_currency
--
-- Every amount but zero has a currency.
--
-- Severity: blocking
-- Reason:   missing_currency
-- Why:      An amount without a currency is not money: it can be added to nothing. A zero is the same in every currency.
--
-- One row a document and column.

SELECT
  document_id,
  min(line_no) AS line_no,
  column_name,
  count(*) || ' amounts in the column ' || column_name || ' have no currency, first line ' || min(line_no) AS message,
  'no currency' AS observed,
  'a currency with every amount' AS expected
FROM staging.report_amount
WHERE currency IS NULL
GROUP BY
  document_id,
  column_name
ORDER BY
  document_id,
  column_name

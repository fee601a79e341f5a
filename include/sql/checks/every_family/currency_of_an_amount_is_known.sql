-- currency_of_an_amount_is_known
--
-- Every amount is in a currency that a marketplace of Amazon has.
--
-- Severity: blocking
-- Reason:   unknown_currency
-- Why:      A currency that no marketplace has is a damaged or foreign file.
--
-- One row a document and currency.

SELECT
  a.document_id,
  min(a.line_no) AS line_no,
  min(a.column_name) AS column_name,
  count(*) || ' amounts are in ' || a.currency || ', which is no currency that Amazon settles in, first line '
  || min(a.line_no) AS message,
  a.currency AS observed,
  'a currency of include/config/marketplaces.yaml' AS expected
FROM staging.report_amount AS a
LEFT JOIN staging.currency AS c ON c.code = a.currency
WHERE
  a.currency IS NOT NULL
  AND c.code IS NULL
GROUP BY
  a.document_id,
  a.currency
ORDER BY
  a.document_id,
  a.currency

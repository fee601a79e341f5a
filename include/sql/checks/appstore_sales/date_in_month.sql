-- date_in_month
--
-- Rows are of the month whose report was asked for.
--
-- Severity: blocking
-- Reason:   date_outside_period
-- Why:      A month is replaced whole: a row of another month would count there too, or be lost with the next version.
--
-- One row a document. Days are the marketplace's as the file writes them. An imported file has no month.

SELECT
  s.document_id,
  min(s.line_no) AS line_no,
  'Transaction Time' AS column_name,
  count(*) || ' rows are of ' || min(s.transaction_day)
  || CASE WHEN max(s.transaction_day) <> min(s.transaction_day) THEN ' to ' || max(s.transaction_day) ELSE '' END
  || ', and the report is of ' || min(r.asked_from) || ' to ' || min(r.asked_to) || ', first line ' || min(s.line_no)
    AS message,
  min(s.transaction_day) || ' to ' || max(s.transaction_day) AS observed,
  min(r.asked_from) || ' to ' || min(r.asked_to) AS expected
FROM staging.appstore_sales AS s
INNER JOIN staging.report AS r ON r.document_id = s.document_id
WHERE
  s.transaction_day < r.asked_from
  OR s.transaction_day > r.asked_to
GROUP BY
  s.document_id
ORDER BY
  s.document_id

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
  'Date' AS column_name,
  count(*) || ' rows are of ' || min(s.date)
  || CASE WHEN max(s.date) <> min(s.date) THEN ' to ' || max(s.date) ELSE '' END
  || ', and the report is of ' || min(r.asked_from) || ' to ' || min(r.asked_to) || ', first line ' || min(s.line_no)
    AS message,
  min(s.date) || ' to ' || max(s.date) AS observed,
  min(r.asked_from) || ' to ' || min(r.asked_to) AS expected
FROM staging.appstore_subscriptions AS s
INNER JOIN staging.report AS r ON r.document_id = s.document_id
WHERE
  s.date < r.asked_from
  OR s.date > r.asked_to
GROUP BY
  s.document_id
ORDER BY
  s.document_id

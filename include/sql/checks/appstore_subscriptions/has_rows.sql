-- has_rows
--
-- A report has rows.
--
-- Severity: blocking
-- Reason:   empty_file
-- Why:      Amazon has no report of a month without anything in it. An empty one would not replace the month that was there.
--
-- One row a document that fails.

SELECT
  document_id,
  CAST(NULL AS BIGINT) AS line_no,
  CAST(NULL AS VARCHAR) AS column_name,
  'the report has a header and no row: that is no proof that there is nothing, and the version before it stays' AS message,
  '0 rows' AS observed,
  'at least one row' AS expected
FROM staging.report
WHERE family = 'appstore_subscriptions'
  AND file_rows = 0
ORDER BY
  document_id

-- row_count_equals_file
--
-- Every row that the reader found in the file was staged.
--
-- Severity: blocking
-- Reason:   line_count_mismatch
-- Why:      A row that is lost on the way is money, stock or tax that nobody misses.
--
-- One row a document that fails.

WITH

counted AS (
  SELECT
    document_id,
    count(*) AS found
  FROM staging.report_row
  GROUP BY
    document_id
)

SELECT
  r.document_id,
  NULL AS line_no,
  NULL AS column_name,
  'the reader found ' || r.file_rows || ' rows in the file, and ' || coalesce(c.found, 0) || ' arrived' AS message,
  coalesce(c.found, 0) AS observed,
  r.file_rows AS expected
FROM staging.report AS r
LEFT JOIN counted AS c ON c.document_id = r.document_id
WHERE r.file_rows <> coalesce(c.found, 0)
ORDER BY
  r.document_id

-- column_is_declared
--
-- The file has no column that the family does not declare.
--
-- Severity: warning
-- Reason:   unknown_column
-- Why:      Amazon adds columns without notice; what stands in them is kept in `extra`, and somebody should look at it.
--
-- One row a document and column.

SELECT
  document_id,
  NULL AS line_no,
  column_name,
  'the column ' || column_name || ' is new: what stands in it is kept in extra' AS message,
  column_name AS observed,
  'the columns that the family declares' AS expected
FROM staging.report_column
ORDER BY
  document_id,
  column_name

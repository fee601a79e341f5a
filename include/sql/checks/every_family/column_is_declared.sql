-- column_is_declared
--
-- The file has no column that the family does not declare.
--
-- Severity: warning
-- Reason:   unknown_column
-- Why:      Amazon adds columns without notice; `extra` keeps their names, and values only of those known to be no person's.
--
-- One row a document and column.

SELECT
  document_id,
  NULL AS line_no,
  column_name,
  'the column ' || column_name || ' is new: extra keeps its name, and values only if they are known to be no person''s' AS message,
  column_name AS observed,
  'the columns that the family declares' AS expected
FROM staging.report_column
ORDER BY
  document_id,
  column_name

-- key_is_unique
--
-- No two rows have the same key, in a family whose key identifies a row.
--
-- Severity: blocking
-- Reason:   duplicate_key
-- Why:      Of two rows with one key, one would replace the other, or both would count.
--
-- One row a document that fails.

WITH

doubled AS (
  SELECT
    document_id,
    key,
    count(*) AS rows_with_it,
    min(line_no) AS first_line,
    max(line_no) AS last_line
  FROM staging.report_key
  GROUP BY
    document_id,
    key
  HAVING count(*) > 1
)

SELECT
  document_id,
  min(first_line) AS line_no,
  NULL AS column_name,
  count(*) || ' keys stand in more than one row, e.g. ' || min_by(key, first_line) || ' in lines ' || min(first_line)
  || ' and ' || min_by(last_line, first_line) AS message,
  min_by(rows_with_it, first_line) || ' rows with one key' AS observed,
  'one row a key' AS expected
FROM doubled
GROUP BY
  document_id
ORDER BY
  document_id

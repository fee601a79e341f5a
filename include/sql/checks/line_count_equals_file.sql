-- line_count_equals_file
--
-- Every line of the file was staged: the staged lines and the summary rows are as many as the file has.
--
-- Severity: blocking
-- Reason:   line_count_mismatch
-- Why:      A line that is lost on the way may carry 0.00, or cancel another one: the control total would not show it.
--
-- One row a document that fails. A V1 line may stand in several rows, one an amount: lines are counted, not rows.

WITH

line AS (
  SELECT
    document_id,
    count(DISTINCT line_no) AS lines
  FROM staging.settlement_line
  GROUP BY
    document_id
)

SELECT
  r.document_id,
  r.file_lines,
  r.settlements,
  coalesce(l.lines, 0) AS lines
FROM staging.reading AS r
LEFT JOIN line AS l ON l.document_id = r.document_id
WHERE r.file_lines <> coalesce(l.lines, 0) + r.settlements
ORDER BY
  r.document_id

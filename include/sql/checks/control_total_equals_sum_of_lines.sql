-- control_total_equals_sum_of_lines
--
-- The control total of each settlement equals the sum of its lines, to the cent.
--
-- Severity: blocking
-- Reason:   control_total_mismatch
-- Why:      Amazon pays the control total. Lines that do not add up to it are not all the lines, or not read right.
--
-- One row a settlement that fails.

WITH

line AS (
  SELECT
    document_id,
    settlement_id,
    amount
  FROM staging.settlement_line
),

total AS (
  SELECT
    document_id,
    settlement_id,
    sum(amount) AS sum_of_lines,
    count(*) AS lines
  FROM line
  GROUP BY
    document_id,
    settlement_id
)

SELECT
  coalesce(s.document_id, t.document_id) AS document_id,
  coalesce(s.settlement_id, t.settlement_id) AS settlement_id,
  s.summary_line_no AS line_no,
  s.currency,
  s.control_total,
  CAST(coalesce(t.sum_of_lines, 0) AS DECIMAL(18, 2)) AS sum_of_lines,
  coalesce(t.lines, 0) AS lines
FROM staging.settlement AS s
FULL JOIN total AS t
  ON t.document_id = s.document_id
  AND t.settlement_id = s.settlement_id
WHERE s.control_total IS DISTINCT FROM CAST(coalesce(t.sum_of_lines, 0) AS DECIMAL(18, 2))
ORDER BY
  document_id,
  line_no

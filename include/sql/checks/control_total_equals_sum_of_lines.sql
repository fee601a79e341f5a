-- control_total_equals_sum_of_lines
--
-- The control total of each settlement equals the sum of its lines, to the cent.
--
-- Severity: blocking
-- Reason:   control_total_mismatch
-- Why:      Amazon pays the control total. Lines that do not add up to it are not all the lines, or not read right.
--
-- One row a settlement that fails. Only lines in the settlement's own currency are added up; settlement_has_one_currency
-- speaks of the others.

WITH

total AS (
  SELECT
    document_id,
    settlement_id,
    currency,
    sum(amount) AS sum_of_lines,
    count(*) AS lines,
    min(line_no) AS line_no
  FROM staging.settlement_line
  GROUP BY
    document_id,
    settlement_id,
    currency
),

-- Every settlement that has a summary row, and lines that have none
compared AS (
  SELECT
    s.document_id,
    s.settlement_id,
    s.summary_line_no AS line_no,
    s.currency,
    s.control_total,
    CAST(coalesce(t.sum_of_lines, 0) AS DECIMAL(18, 2)) AS sum_of_lines,
    coalesce(t.lines, 0) AS lines
  FROM staging.settlement AS s
  LEFT JOIN total AS t
    ON t.document_id = s.document_id
    AND t.settlement_id = s.settlement_id
    AND t.currency IS NOT DISTINCT FROM s.currency
  UNION ALL
  SELECT
    t.document_id,
    t.settlement_id,
    t.line_no,
    t.currency,
    NULL AS control_total,
    CAST(coalesce(t.sum_of_lines, 0) AS DECIMAL(18, 2)) AS sum_of_lines,
    t.lines
  FROM total AS t
  WHERE NOT EXISTS (
    SELECT 1 FROM staging.settlement AS s
    WHERE s.document_id = t.document_id AND s.settlement_id = t.settlement_id
  )
)

SELECT
  document_id,
  settlement_id,
  line_no,
  currency,
  control_total,
  sum_of_lines,
  lines
FROM compared
WHERE control_total IS DISTINCT FROM sum_of_lines
ORDER BY
  document_id,
  line_no

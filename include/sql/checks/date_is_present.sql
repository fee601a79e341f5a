-- date_is_present
--
-- Every line has a posted date, and every settlement its start, end and deposit date.
--
-- Severity: warning
-- Reason:   missing_date
-- Why:      Without it a line cannot be put into a month, and the period of a settlement cannot be checked.
--
-- One row a settlement and column of the file that lacks dates.

WITH

missing AS (
  SELECT
    document_id,
    settlement_id,
    'posted-date' AS column_name,
    min(line_no) AS line_no,
    count(*) AS lines
  FROM staging.settlement_line
  WHERE posted_date IS NULL
  GROUP BY
    document_id,
    settlement_id
  UNION ALL
  SELECT
    document_id,
    settlement_id,
    'settlement-start-date' AS column_name,
    summary_line_no AS line_no,
    1 AS lines
  FROM staging.settlement
  WHERE settlement_start_at IS NULL
  UNION ALL
  SELECT
    document_id,
    settlement_id,
    'settlement-end-date' AS column_name,
    summary_line_no AS line_no,
    1 AS lines
  FROM staging.settlement
  WHERE settlement_end_at IS NULL
  UNION ALL
  SELECT
    document_id,
    settlement_id,
    'deposit-date' AS column_name,
    summary_line_no AS line_no,
    1 AS lines
  FROM staging.settlement
  WHERE deposit_at IS NULL
)

SELECT
  document_id,
  settlement_id,
  line_no,
  column_name,
  lines
FROM missing
ORDER BY
  document_id,
  line_no,
  column_name

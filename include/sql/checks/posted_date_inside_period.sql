-- posted_date_inside_period
--
-- No line was posted between 1 and 31 days before or after its settlement's period.
--
-- Severity: warning
-- Reason:   date_outside_period
-- Why:      Amazon posts a line inside its settlement's period; one that is a little outside deserves a look.
--
-- One row a settlement with such lines. Posted dates are in the zone that the file writes, the period is in UTC: days are
-- compared, and the 1 day leaves room for the zone. What is further outside fails posted_date_near_period.

WITH

day AS (
  SELECT
    document_id,
    settlement_id,
    posted_date,
    min(line_no) AS line_no,
    count(*) AS lines
  FROM staging.settlement_line
  WHERE posted_date IS NOT NULL
  GROUP BY
    document_id,
    settlement_id,
    posted_date
)

SELECT
  d.document_id,
  d.settlement_id,
  min(d.line_no) AS line_no,
  CAST(sum(d.lines) AS BIGINT) AS lines,
  min(d.posted_date) AS first_posted_on,
  max(d.posted_date) AS last_posted_on,
  CAST(s.settlement_start_at AS DATE) AS starts_on,
  CAST(s.settlement_end_at AS DATE) AS ends_on
FROM day AS d
INNER JOIN staging.settlement AS s
  ON s.document_id = d.document_id
  AND s.settlement_id = d.settlement_id
WHERE (
    d.posted_date < CAST(s.settlement_start_at AS DATE) - INTERVAL '1' DAY
    OR d.posted_date > CAST(s.settlement_end_at AS DATE) + INTERVAL '1' DAY
  )
  AND d.posted_date >= CAST(s.settlement_start_at AS DATE) - INTERVAL '31' DAY
  AND d.posted_date <= CAST(s.settlement_end_at AS DATE) + INTERVAL '31' DAY
GROUP BY
  d.document_id,
  d.settlement_id,
  s.settlement_start_at,
  s.settlement_end_at
ORDER BY
  d.document_id,
  line_no

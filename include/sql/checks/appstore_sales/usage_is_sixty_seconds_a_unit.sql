-- usage_is_sixty_seconds_a_unit
--
-- A unit of an Underground app is a minute of its use.
--
-- Severity: warning
-- Reason:   quantities_do_not_add_up
-- Why:      Units and usage time say the same thing twice.
--
-- One row a document that fails.

SELECT
  document_id,
  min(line_no) AS line_no,
  'Usage Time' AS column_name,
  count(*) || ' rows whose units are not their usage time in minutes, first line ' || min(line_no) || ': '
  || min_by(units, line_no) || ' units and ' || min_by(usage_time, line_no) || ' seconds' AS message,
  min_by(units, line_no) AS observed,
  min_by(usage_time, line_no) || ' seconds' AS expected
FROM staging.appstore_sales
WHERE usage_time IS NOT NULL
  AND abs(usage_time - 60 * units) >= 60
GROUP BY
  document_id
ORDER BY
  document_id

-- date_inside_window
--
-- Rows are of the days that were asked for, give or take one day for time zones.
--
-- Severity: warning
-- Reason:   date_outside_window
-- Why:      A row of another day is a report of another time, or a date that was read the wrong way round.
--
-- One row a document and column. An imported file has no window.

SELECT
  d.document_id,
  min(d.line_no) AS line_no,
  d.column_name,
  count(*) || ' rows are of ' || min(d.day)
  || CASE WHEN max(d.day) <> min(d.day) THEN ' to ' || max(d.day) ELSE '' END || ', and ' || min(r.asked_from) || ' to '
  || min(r.asked_to) || ' was asked for, first line ' || min(d.line_no) AS message,
  min(d.day) || ' to ' || max(d.day) AS observed,
  min(r.asked_from) || ' to ' || min(r.asked_to) AS expected
FROM staging.report_day AS d
INNER JOIN staging.report AS r ON r.document_id = d.document_id
WHERE
  d.day < r.asked_from - 1
  OR d.day > r.asked_to + 1
GROUP BY
  d.document_id,
  d.column_name
ORDER BY
  d.document_id,
  d.column_name

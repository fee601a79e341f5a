-- quantities_add_up
--
-- The units of a line that were requested are those that were cancelled, disposed of, shipped and are in process.
--
-- Severity: warning
-- Reason:   quantities_do_not_add_up
-- Why:      A unit that left the stock and was neither sent nor disposed of is lost, and Amazon may owe it.
--
-- One row a document. A warning, because no document of Amazon says that the four are all there is, and the state of an
-- order may be told while it changes. A number that is not told is unknown: the row is left alone.

SELECT
  document_id,
  min(line_no) AS line_no,
  'requested_quantity' AS column_name,
  count(*) || ' rows whose units are not those requested, first line ' || min(line_no) || ' (order '
  || min_by(order_id, line_no) || '): ' || min_by(requested_quantity, line_no) || ' requested, and '
  || min_by(told, line_no) || ' cancelled, disposed of, shipped and in process' AS message,
  min_by(told, line_no) AS observed,
  min_by(requested_quantity, line_no) AS expected
FROM (
  SELECT
    *,
    cancelled_quantity + disposed_quantity + shipped_quantity + in_process_quantity AS told
  FROM staging.removal_orders
)
WHERE requested_quantity <> told
GROUP BY
  document_id
ORDER BY
  document_id

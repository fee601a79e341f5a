-- balance_follows_from_movements
--
-- The ending balance of a row is its starting balance and what moved it.
--
-- Severity: warning
-- Reason:   quantities_do_not_add_up
-- Why:      Stock that appears or goes without a movement is stock that Amazon may owe.
--
-- One row a document. What is in transit between warehouses is a state of that day and no movement. A warning, because no
-- document of Amazon says which columns the balance consists of.

SELECT
  document_id,
  min(line_no) AS line_no,
  'ending_warehouse_balance' AS column_name,
  count(*) || ' rows whose ending balance is not the starting balance and the movements, first line ' || min(line_no)
  || ' (' || min_by(msku, line_no) || '): ' || min_by(ending_warehouse_balance, line_no) || ' units, not '
  || min_by(starting_warehouse_balance + moved, line_no) AS message,
  min_by(ending_warehouse_balance, line_no) AS observed,
  min_by(starting_warehouse_balance + moved, line_no) AS expected
FROM (
  SELECT
    *,
    coalesce(receipts, 0) + coalesce(customer_shipments, 0) + coalesce(customer_returns, 0)
    + coalesce(vendor_returns, 0) + coalesce(warehouse_transfer_in_out, 0) + coalesce(found, 0) + coalesce(lost, 0)
    + coalesce(damaged, 0) + coalesce(disposed, 0) + coalesce(other_events, 0) + coalesce(unknown_events, 0) AS moved
  FROM staging.ledger_summary
)
WHERE ending_warehouse_balance <> starting_warehouse_balance + moved
GROUP BY
  document_id
ORDER BY
  document_id

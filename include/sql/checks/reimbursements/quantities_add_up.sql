-- quantities_add_up
--
-- Units reimbursed in cash and in stock are the units reimbursed.
--
-- Severity: warning
-- Reason:   quantities_do_not_add_up
-- Why:      A unit that was lost and neither paid nor replaced is still owed.
--
-- One row a document.

SELECT
  document_id,
  min(line_no) AS line_no,
  'quantity_reimbursed_total' AS column_name,
  count(*) || ' rows whose units in cash and in stock are not the total, first line ' || min(line_no) || ': '
  || min_by(quantity_reimbursed_total, line_no) || ' units, not '
  || min_by(quantity_reimbursed_cash + quantity_reimbursed_inventory, line_no) AS message,
  min_by(quantity_reimbursed_total, line_no) AS observed,
  min_by(quantity_reimbursed_cash + quantity_reimbursed_inventory, line_no) AS expected
FROM staging.reimbursements
WHERE quantity_reimbursed_total <> quantity_reimbursed_cash + quantity_reimbursed_inventory
GROUP BY
  document_id
ORDER BY
  document_id

-- gross_is_net_and_tax
--
-- Gross is net and tax, in every row.
--
-- Severity: warning
-- Reason:   amounts_do_not_add_up
-- Why:      A row that does not add up gives one figure to the tax office and another to the books.
--
-- One row a document. A warning: Amazon rounds some rows item by item.

SELECT
  document_id,
  min(line_no) AS line_no,
  'total_activity_value_amt_vat_incl' AS column_name,
  count(*) || ' rows whose gross is not net and tax, first line ' || min(line_no) || ': '
  || min_by(total_activity_value_amt_vat_incl, line_no) || ' ' || min_by(transaction_currency_code, line_no) || ', not ' || min_by(parts, line_no) AS message,
  min_by(total_activity_value_amt_vat_incl, line_no) AS observed,
  min_by(parts, line_no) AS expected
FROM (
  SELECT
    *,
    total_activity_value_amt_vat_excl + total_activity_value_vat_amt AS parts
  FROM staging.vat_transactions
)
WHERE total_activity_value_amt_vat_incl <> parts
GROUP BY
  document_id
ORDER BY
  document_id

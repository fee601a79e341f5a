-- invoice_is_net_and_tax
--
-- The amount of an invoice is net and tax, in every row.
--
-- Severity: warning
-- Reason:   amounts_do_not_add_up
-- Why:      A row that does not add up gives one figure to the tax office and another to the books.
--
-- One row a document. A warning: Amazon rounds some rows item by item.

SELECT
  document_id,
  min(line_no) AS line_no,
  'invoice_amount' AS column_name,
  count(*) || ' rows whose amount is not net and tax, first line ' || min(line_no) || ': '
  || min_by(invoice_amount, line_no) || ' ' || min_by(currency, line_no) || ', not ' || min_by(parts, line_no) AS message,
  min_by(invoice_amount, line_no) AS observed,
  min_by(parts, line_no) AS expected
FROM (
  SELECT
    *,
    tax_exclusive_gross + total_tax_amount AS parts
  FROM staging.gst_b2b
)
WHERE invoice_amount <> parts
GROUP BY
  document_id
ORDER BY
  document_id

-- price_is_net_and_tax
--
-- The price of goods is net and tax, in every row.
--
-- Severity: warning
-- Reason:   amounts_do_not_add_up
-- Why:      A row that does not add up gives one figure to the tax office and another to the books.
--
-- One row a document. A warning: Amazon rounds some rows item by item.

SELECT
  document_id,
  min(line_no) AS line_no,
  'our_price_tax_inclusive_selling_price' AS column_name,
  count(*) || ' rows whose price is not net and tax, first line ' || min(line_no) || ': '
  || min_by(our_price_tax_inclusive_selling_price, line_no) || ' ' || min_by(currency, line_no) || ', not ' || min_by(parts, line_no) AS message,
  min_by(our_price_tax_inclusive_selling_price, line_no) AS observed,
  min_by(parts, line_no) AS expected
FROM (
  SELECT
    *,
    our_price_tax_exclusive_selling_price + our_price_tax_amount AS parts
  FROM staging.vat_tax
)
WHERE our_price_tax_inclusive_selling_price <> parts
GROUP BY
  document_id
ORDER BY
  document_id

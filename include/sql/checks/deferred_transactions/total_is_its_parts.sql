-- total_is_its_parts
--
-- The total of a row is the sum of its amounts, in every row.
--
-- Severity: warning
-- Reason:   amounts_do_not_add_up
-- Why:      A total that its amounts do not explain holds a fee in a column that nobody knows yet.
--
-- One row a document. A column that the file does not have adds nothing.

SELECT
  document_id,
  min(line_no) AS line_no,
  'total' AS column_name,
  count(*) || ' rows whose total is not the sum of their amounts, first line ' || min(line_no) || ': '
  || min_by(total, line_no) || ' ' || min_by(currency, line_no) || ', not ' || min_by(parts, line_no) AS message,
  min_by(total, line_no) AS observed,
  min_by(parts, line_no) AS expected
FROM (
  SELECT
    *,
    coalesce(product_sales, 0)
    + coalesce(product_sales_tax, 0)
    + coalesce(shipping_credits, 0)
    + coalesce(shipping_credits_tax, 0)
    + coalesce(gift_wrap_credits, 0)
    + coalesce(gift_wrap_credits_tax, 0)
    + coalesce(regulatory_fee, 0)
    + coalesce(tax_on_regulatory_fee, 0)
    + coalesce(amazon_points, 0)
    + coalesce(promotional_rebates, 0)
    + coalesce(promotional_rebates_tax, 0)
    + coalesce(sales_tax_collected, 0)
    + coalesce(marketplace_facilitator_tax, 0)
    + coalesce(marketplace_withheld_tax, 0)
    + coalesce(low_value_goods, 0)
    + coalesce(sales_tax_liable, 0)
    + coalesce(tcs_cgst, 0)
    + coalesce(tcs_sgst, 0)
    + coalesce(tcs_igst, 0)
    + coalesce(tds_section_194_o, 0)
    + coalesce(selling_fees, 0)
    + coalesce(fba_fees, 0)
    + coalesce(other_transaction_fees, 0)
    + coalesce(other, 0) AS parts
  FROM staging.deferred_transactions
)
WHERE total <> parts
GROUP BY
  document_id
ORDER BY
  document_id

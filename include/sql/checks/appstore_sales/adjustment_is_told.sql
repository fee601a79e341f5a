-- adjustment_is_told
--
-- Each transaction says whether it is an adjustment, and has its ids.
--
-- Severity: blocking
-- Reason:   damaged_file
-- Why:      Only the sums for 2017 and earlier have no ids, and no adjustment where something was refunded.
--
-- One row a document that fails.

SELECT
  document_id,
  min(line_no) AS line_no,
  'Adjustment' AS column_name,
  count(*) || ' rows of 2018 or later have no ids or do not say whether they are adjustments, first line ' || min(line_no)
    AS message,
  count(*) || ' rows' AS observed,
  'an invoice, a transaction, and Yes or No' AS expected
FROM staging.appstore_sales
WHERE transaction_day >= DATE '2018-01-01'
  AND (
    adjustment IS NULL
    OR coalesce(invoice_id, 'NA') = 'NA'
    OR coalesce(transaction_id, 'NA') = 'NA'
  )
GROUP BY
  document_id
ORDER BY
  document_id

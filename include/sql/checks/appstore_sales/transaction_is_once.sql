-- transaction_is_once
--
-- No invoice, transaction, type and adjustment stands in two rows.
--
-- Severity: blocking
-- Reason:   duplicate_key
-- Why:      A transaction that stands there twice would be earned twice.
--
-- One row a document that fails. Sums for 2017 and earlier have NA in place of both ids and are no transactions.

WITH

doubled AS (
  SELECT
    document_id,
    invoice_id || ' / ' || transaction_id || ' / ' || transaction_type
    || CASE WHEN adjustment THEN ' / adjustment' ELSE '' END AS key,
    min(line_no) AS first_line,
    max(line_no) AS last_line,
    count(*) AS rows_with_it
  FROM staging.appstore_sales
  WHERE invoice_id <> 'NA'
  GROUP BY
    document_id,
    invoice_id,
    transaction_id,
    transaction_type,
    adjustment
  HAVING count(*) > 1
)

SELECT
  document_id,
  min(first_line) AS line_no,
  'Invoice Id' AS column_name,
  count(*) || ' transactions stand in more than one row, e.g. ' || min_by(key, first_line) || ' in lines '
  || min(first_line) || ' and ' || min_by(last_line, first_line) AS message,
  min_by(rows_with_it, first_line) || ' rows with one key' AS observed,
  'one row a transaction, type and adjustment' AS expected
FROM doubled
GROUP BY
  document_id
ORDER BY
  document_id

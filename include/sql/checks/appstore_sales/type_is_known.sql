-- type_is_known
--
-- A transaction is a Charge, a Refund, a Chargeback or a Chargeback reversal.
--
-- Severity: blocking
-- Reason:   unknown_kind
-- Why:      Whether an amount was earned or taken back follows from its type.
--
-- One row a document and type that is not known.

SELECT
  document_id,
  min(line_no) AS line_no,
  'Transaction Type' AS column_name,
  count(*) || ' rows are of the type ''' || transaction_type || ''', which is not known, first line ' || min(line_no)
    AS message,
  transaction_type AS observed,
  'Charge, Refund, Chargeback or Chargeback reversal' AS expected
FROM staging.appstore_sales
WHERE transaction_type NOT IN ('Charge', 'Refund', 'Chargeback', 'Chargeback reversal')
GROUP BY
  document_id,
  transaction_type
ORDER BY
  document_id,
  transaction_type

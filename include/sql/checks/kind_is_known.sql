-- kind_is_known
--
-- The fee dictionary knows every transaction-type, amount-type and amount-description.
--
-- Severity: warning
-- Reason:   unknown_fee
-- Why:      Amazon adds kinds without notice. They load and count in every sum, but nobody knows yet what they are.
--
-- One row a document, kind and currency that the dictionary does not know.

WITH

line AS (
  SELECT
    document_id,
    transaction_type,
    amount_type,
    amount_description,
    currency,
    sum(amount) AS amount,
    count(*) AS lines,
    min(line_no) AS line_no
  FROM staging.settlement_line
  WHERE amount IS NOT NULL
  GROUP BY
    document_id,
    transaction_type,
    amount_type,
    amount_description,
    currency
)

SELECT
  l.document_id,
  l.line_no,
  l.transaction_type,
  l.amount_type,
  l.amount_description,
  l.currency,
  l.amount,
  l.lines
FROM line AS l
INNER JOIN staging.line_kind AS k
  ON k.transaction_type IS NOT DISTINCT FROM l.transaction_type
  AND k.amount_type IS NOT DISTINCT FROM l.amount_type
  AND k.amount_description IS NOT DISTINCT FROM l.amount_description
WHERE k.category = 'unknown'
ORDER BY
  l.document_id,
  l.line_no

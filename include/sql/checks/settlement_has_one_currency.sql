-- settlement_has_one_currency
--
-- Every line of a settlement is in the currency of its summary row.
--
-- Severity: blocking
-- Reason:   mixed_currency
-- Why:      A sum over two currencies is no sum. Amazon settles each currency on its own.
--
-- One row a settlement and currency that is not the settlement's own.

WITH

line AS (
  SELECT
    document_id,
    settlement_id,
    currency,
    sum(amount) AS amount,
    count(*) AS lines,
    min(line_no) AS line_no
  FROM staging.settlement_line
  GROUP BY
    document_id,
    settlement_id,
    currency
)

SELECT
  l.document_id,
  l.settlement_id,
  l.line_no,
  s.currency,
  l.currency AS other_currency,
  l.amount,
  l.lines
FROM line AS l
INNER JOIN staging.settlement AS s
  ON s.document_id = l.document_id
  AND s.settlement_id = l.settlement_id
WHERE l.currency IS DISTINCT FROM s.currency
ORDER BY
  l.document_id,
  l.line_no

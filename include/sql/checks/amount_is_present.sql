-- amount_is_present
--
-- Every line that should carry money carries an amount.
--
-- Severity: blocking
-- Reason:   missing_amount
-- Why:      An amount that is not there is unknown, not zero. Only a V1 line for a quantity has none by design.
--
-- One row a settlement and column with lines that lack an amount.

SELECT
  document_id,
  settlement_id,
  min(line_no) AS line_no,
  source_column,
  count(*) AS lines
FROM staging.settlement_line
WHERE amount IS NULL
  AND source_column <> 'quantity-purchased'
GROUP BY
  document_id,
  settlement_id,
  source_column
ORDER BY
  document_id,
  line_no

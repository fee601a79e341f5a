-- currency_is_known
--
-- Each settlement is in a currency that Amazon settles in.
--
-- Severity: blocking
-- Reason:   unknown_currency
-- Why:      An amount without a currency is not money, and a currency that no marketplace has is a damaged or foreign file.
--
-- One row a settlement and currency that is not known.

WITH

used AS (
  SELECT
    document_id,
    settlement_id,
    currency,
    min(line_no) AS line_no
  FROM staging.settlement_line
  GROUP BY
    document_id,
    settlement_id,
    currency
  UNION ALL
  SELECT
    document_id,
    settlement_id,
    currency,
    summary_line_no AS line_no
  FROM staging.settlement
)

SELECT
  u.document_id,
  u.settlement_id,
  min(u.line_no) AS line_no,
  u.currency
FROM used AS u
LEFT JOIN staging.currency AS c ON c.code = u.currency
WHERE c.code IS NULL
GROUP BY
  u.document_id,
  u.settlement_id,
  u.currency
ORDER BY
  u.document_id,
  line_no

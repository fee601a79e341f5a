-- marketplace_is_present
--
-- Every line of an Amazon order names its marketplace.
--
-- Severity: warning
-- Reason:   missing_marketplace
-- Why:      Amazon leaves it out at times. The money is right, but a report by marketplace lacks these lines.
--
-- One row a settlement with such lines.

SELECT
  document_id,
  settlement_id,
  min(line_no) AS line_no,
  currency,
  sum(amount) AS amount,
  count(*) AS lines
FROM staging.settlement_line
WHERE marketplace_name IS NULL
  AND regexp_matches(order_id, '^[0-9]{3}-[0-9]{7}-[0-9]{7}$')
GROUP BY
  document_id,
  settlement_id,
  currency
ORDER BY
  document_id,
  line_no

-- mart.unknown_fee_by_settlement
--
-- Which settlements hold kinds of lines that the fee dictionary does not know yet.
--
-- Grain:   one row a settlement of an account and kind of line
-- Key:     account, settlement_id, transaction_type, amount_type, amount_description
-- Inputs:  staging.changed_settlement, core.settlement_line
-- Written: replaced by account, settlement_id
--
-- Columns:
--   region              | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account             | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id       | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   transaction_type    | VARCHAR                | Amazon's `transaction-type`; null when the lines have none.
--   amount_type         | VARCHAR                | Amazon's `amount-type`; null when the lines have none.
--   amount_description  | VARCHAR                | Amazon's `amount-description`; null when the lines have none.
--   currency            | VARCHAR NOT NULL       | Currency of the amount, ISO 4217.
--   amount              | DECIMAL(38,2) NOT NULL | Sum of the lines, in `currency`, positive towards the seller.
--   lines               | BIGINT NOT NULL        | Lines of this kind.
--   first_posted_on     | DATE                   | Earliest posted date, in the time zone that the file writes.
--   last_posted_on      | DATE                   | Latest posted date, likewise.

SELECT
  l.region,
  l.account,
  l.settlement_id,
  l.transaction_type,
  l.amount_type,
  l.amount_description,
  l.currency,
  CAST(sum(l.amount) AS DECIMAL(38, 2)) AS amount,
  count(*) AS lines,
  min(l.posted_date) AS first_posted_on,
  max(l.posted_date) AS last_posted_on
FROM core.settlement_line AS l
INNER JOIN staging.changed_settlement AS c
  ON c.account = l.account
  AND c.settlement_id = l.settlement_id
WHERE l.category = 'unknown'
GROUP BY
  l.region,
  l.account,
  l.settlement_id,
  l.transaction_type,
  l.amount_type,
  l.amount_description,
  l.currency

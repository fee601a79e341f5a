-- mart.unknown_fee
--
-- Kinds of lines that the fee dictionary does not know yet: loaded, in every sum, and waiting for a rule.
--
-- Grain:   one row a kind of line and currency
-- Key:     transaction_type, amount_type, amount_description, currency
-- Inputs:  mart.unknown_fee_by_settlement
-- Written: rebuilt
-- Clients: made anew
--
-- Columns:
--   transaction_type    | VARCHAR                | Amazon's `transaction-type`; null when the lines have none.
--   amount_type         | VARCHAR                | Amazon's `amount-type`; null when the lines have none.
--   amount_description  | VARCHAR                | Amazon's `amount-description`; null when the lines have none.
--   currency            | VARCHAR NOT NULL       | Currency of the amount, ISO 4217.
--   amount              | DECIMAL(38,2) NOT NULL | Sum of the lines, in `currency`, positive towards the seller.
--   lines               | BIGINT NOT NULL        | Lines of this kind.
--   settlements         | BIGINT NOT NULL        | Settlements that hold such lines.
--   first_posted_on     | DATE                   | Earliest posted date, in the time zone that the files write.
--   last_posted_on      | DATE                   | Latest posted date, likewise.

SELECT
  transaction_type,
  amount_type,
  amount_description,
  currency,
  CAST(sum(amount) AS DECIMAL(38, 2)) AS amount,
  CAST(sum(lines) AS BIGINT) AS lines,
  count(*) AS settlements,
  min(first_posted_on) AS first_posted_on,
  max(last_posted_on) AS last_posted_on
FROM mart.unknown_fee_by_settlement
GROUP BY
  transaction_type,
  amount_type,
  amount_description,
  currency

-- core.balance
--
-- What Amazon holds for the account at the end of a day, by kind: what is available, held in reserve and deferred. A
-- total is made of the balances below it; those with `is_leaf` may be added up. All of a day is replaced together.
--
-- Grain:   one row a day, line of settlements, currency and kind
-- Key:     document_id, line_no
-- Inputs:  staging.balances
-- Written: merged by day
--
-- Columns:
--   region           | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account          | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   marketplace_ids  | VARCHAR              | The marketplaces that the report was asked for, separated by commas; null for all of the account, and for an imported file.
--   document_id      | VARCHAR NOT NULL     | The document that the row stands in.
--   line_no          | BIGINT NOT NULL      | Number of the row in the document, from 1.
--   as_of            | TIMESTAMPTZ NOT NULL | When Amazon made the report, UTC.
--   day              | DATE NOT NULL        | Day of the balance as Amazon writes it; of a balance without a date, the day on which it was last updated, or of the answer (UTC).
--   balance_at       | TIMESTAMPTZ          | When the balance was so, UTC; null when Amazon writes a date without a time, or none.
--   marketplace_id   | VARCHAR              | Amazon's id of the marketplace; null when it does not tell.
--   account_type     | VARCHAR              | Amazon's name of the line of settlements, e.g. `Standard Orders`; null when it does not tell.
--   balance_type     | VARCHAR NOT NULL     | The kind, in Amazon's words, e.g. `AVAILABLE`, `RESERVED` or `DEFERRED`; `UNKNOWN` when Amazon does not name it.
--   part_of          | VARCHAR              | The kind of the total that it is part of; null for a total.
--   is_leaf          | BOOLEAN              | True when nothing is below it: it may be added up.
--   currency         | VARCHAR              | Currency of the amount, ISO 4217.
--   amount           | DECIMAL(18,2)        | The balance, in `currency`, positive towards the seller; null when Amazon does not tell.

SELECT
  r.region,
  r.account,
  r.marketplace_ids,
  r.document_id,
  r.line_no,
  r.as_of,
  coalesce(r.balance_day, r.last_updated_day, r.as_of_day) AS day,
  r.balance_at,
  r.marketplace_id,
  r.account_type,
  r.balance_type,
  r.part_of,
  r.is_leaf,
  r.currency,
  r.amount
FROM staging.balances AS r

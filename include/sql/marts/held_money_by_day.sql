-- mart.held_money_by_day
--
-- What Amazon holds for the account day by day: available, held in reserve and deferred, by line of settlements and
-- currency, as its balances say.
--
-- Grain:   one row a day of an account, marketplace, line of settlements, currency and kind
-- Key:     account, day, marketplace_id, account_type, currency, balance_type
-- Inputs:  staging.changed_day, core.balance
-- Written: replaced by account, day
--
-- Columns:
--   region          | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account         | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   day             | DATE NOT NULL    | Day of the balance, UTC.
--   marketplace_id  | VARCHAR          | Amazon's id of the marketplace; null when it does not tell.
--   account_type    | VARCHAR          | Amazon's name of the line of settlements; null when it does not tell.
--   currency        | VARCHAR NOT NULL | Currency of all amounts of this row, ISO 4217.
--   balance_type    | VARCHAR NOT NULL | The kind, in Amazon's words, e.g. `AVAILABLE`, `ACCOUNT_LEVEL_RESERVE` or `DEFERRED`. Kinds may be added up.
--   amount          | DECIMAL(38,2)    | The balance, in `currency`, positive towards the seller; null when Amazon does not tell.

SELECT
  min(b.region) AS region,
  b.account,
  b.day,
  b.marketplace_id,
  b.account_type,
  b.currency,
  b.balance_type,
  CAST(sum(b.amount) AS DECIMAL(38, 2)) AS amount
FROM core.balance AS b
INNER JOIN staging.changed_day AS c
  ON c.account = b.account
  AND c.day = b.day
WHERE b.is_leaf
  AND b.currency IS NOT NULL
GROUP BY
  b.account,
  b.day,
  b.marketplace_id,
  b.account_type,
  b.currency,
  b.balance_type

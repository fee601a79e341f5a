-- mart.transaction_by_settlement
--
-- What the Finances API's transactions of each settlement come to. Transactions that are deferred are in no settlement
-- yet.
--
-- Grain:   one row a settlement of an account and currency
-- Key:     account, settlement_id, currency
-- Inputs:  staging.changed_settlement, core.transaction
-- Written: replaced by account, settlement_id
--
-- Columns:
--   region          | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account         | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   settlement_id   | VARCHAR NOT NULL | Amazon's id of the settlement.
--   currency        | VARCHAR NOT NULL | Currency of both amounts, ISO 4217.
--   event_group_id  | VARCHAR          | The event group that they are in; null when Amazon does not tell.
--   transactions    | BIGINT NOT NULL  | Transactions of the settlement.
--   total_amount    | DECIMAL(38,2)    | Their sum, in `currency`, positive towards the seller.
--   sum_of_leaves   | DECIMAL(38,2)    | Sum of their leaves, in `currency`.
--   unequal         | BIGINT NOT NULL  | Transactions whose leaves do not add up to their amount.

SELECT
  min(t.region) AS region,
  t.account,
  t.settlement_id,
  t.currency,
  min(t.event_group_id) AS event_group_id,
  count(*) AS transactions,
  CAST(sum(t.total_amount) AS DECIMAL(38, 2)) AS total_amount,
  CAST(sum(t.sum_of_leaves) AS DECIMAL(38, 2)) AS sum_of_leaves,
  count(CASE WHEN t.sum_of_leaves <> t.total_amount THEN 1 END) AS unequal
FROM core.transaction AS t
INNER JOIN staging.changed_settlement AS c
  ON c.account = t.account
  AND c.settlement_id = t.settlement_id
WHERE t.currency IS NOT NULL
GROUP BY
  t.account,
  t.settlement_id,
  t.currency

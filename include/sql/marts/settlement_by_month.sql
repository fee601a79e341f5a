-- mart.settlement_by_month
--
-- What each settlement moved in which month. A settlement crosses months: its lines are told apart by the day on which
-- they were posted, in the business time zone of the region; see core.settlement_line.
--
-- Grain:   one row a settlement of an account, month and category
-- Key:     account, settlement_id, month, category
-- Inputs:  staging.changed_settlement, core.settlement_line
-- Written: replaced by account, settlement_id
--
-- Columns:
--   region         | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account        | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id  | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   document_id    | VARCHAR NOT NULL       | The document that the settlement is loaded from.
--   currency       | VARCHAR NOT NULL       | Currency of the amount, ISO 4217.
--   month          | DATE                   | First day of the month in which the lines were posted, in the region's business time zone; null for lines without a date.
--   category       | VARCHAR NOT NULL       | What the amount is, by core.fee_category; `unknown` when no rule matches.
--   is_cash_flow   | BOOLEAN NOT NULL       | True for money that only moves: it is in the settlement, not in profit and loss.
--   amount         | DECIMAL(18,2) NOT NULL | Sum of the lines, in `currency`, positive towards the seller.
--   lines          | BIGINT NOT NULL        | Lines that carry an amount of this category.

SELECT
  l.region,
  l.account,
  l.settlement_id,
  l.document_id,
  l.currency,
  l.month,
  l.category,
  l.is_cash_flow,
  CAST(sum(l.amount) AS DECIMAL(18, 2)) AS amount,
  count(*) AS lines
FROM core.settlement_line AS l
INNER JOIN staging.changed_settlement AS c
  ON c.account = l.account
  AND c.settlement_id = l.settlement_id
WHERE l.amount IS NOT NULL
GROUP BY
  l.region,
  l.account,
  l.settlement_id,
  l.document_id,
  l.currency,
  l.month,
  l.category,
  l.is_cash_flow

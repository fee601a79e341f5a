-- mart.expected_deposit
--
-- What each loaded settlement must bring to the bank, and when. Amazon pays a positive total; a negative one it carries
-- into a later settlement, or charges to the seller's card.
--
-- Grain:   one row a settlement of an account
-- Key:     account, settlement_id
-- Inputs:  staging.changed_settlement, core.settlement, mart.reserve_roll_forward
-- Written: replaced by account
--
-- Columns:
--   region                     | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                    | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id              | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   currency                   | VARCHAR NOT NULL       | Currency of every amount of this row, ISO 4217. The bank may receive another one.
--   deposit_date               | DATE                   | Day on which Amazon says that the deposit is made, UTC; banks take some days more. Null when nothing is paid or the file does not say.
--   deposit_amount             | DECIMAL(18,2) NOT NULL | What must arrive at the bank, in `currency`; 0.00 when nothing is paid.
--   carried_amount             | DECIMAL(18,2) NOT NULL | The negative total that a later settlement must take up, in `currency`; 0.00 when there is none.
--   carried_to_settlement_id   | VARCHAR                | The settlement that follows a negative one, when it is known.
--   status                     | VARCHAR NOT NULL       | `expected` (a deposit is due), `nothing_due` (the total is 0.00) or `carried_to_next` (the total is negative).

WITH

-- The settlement that follows each one, where exactly one does
following AS (
  SELECT
    account,
    previous_settlement_id AS settlement_id,
    CASE WHEN count(*) = 1 THEN min(settlement_id) END AS next_settlement_id
  FROM mart.reserve_roll_forward AS r
  WHERE previous_settlement_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM staging.changed_settlement AS c WHERE c.account = r.account)
  GROUP BY
    account,
    previous_settlement_id
)

SELECT
  s.region,
  s.account,
  s.settlement_id,
  s.currency,
  CASE WHEN s.control_total > 0 THEN CAST(s.deposit_at AS DATE) END AS deposit_date,
  CAST(greatest(s.control_total, 0) AS DECIMAL(18, 2)) AS deposit_amount,
  CAST(least(s.control_total, 0) AS DECIMAL(18, 2)) AS carried_amount,
  CASE WHEN s.control_total < 0 THEN f.next_settlement_id END AS carried_to_settlement_id,
  CASE
    WHEN s.control_total > 0 THEN 'expected'
    WHEN s.control_total = 0 THEN 'nothing_due'
    ELSE 'carried_to_next'
  END AS status
FROM core.settlement AS s
LEFT JOIN following AS f
  ON f.account = s.account
  AND f.settlement_id = s.settlement_id
WHERE EXISTS (SELECT 1 FROM staging.changed_settlement AS c WHERE c.account = s.account)

-- mart.reserve_roll_forward
--
-- Does the reserve roll forward? What Amazon held back from one settlement it must release with the next, and a negative
-- balance must come back as carried. Which settlement is the one before is told by mart.settlement_chain.
--
-- Grain:   one row a loaded settlement of an account
-- Key:     account, settlement_id
-- Inputs:  staging.changed_settlement, mart.settlement_chain
-- Written: replaced by account
--
-- Columns:
--   region                  | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                 | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id           | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   currency                | VARCHAR NOT NULL       | Currency of every amount of this row, ISO 4217.
--   settlement_start_at     | TIMESTAMPTZ            | Start of the period, UTC.
--   settlement_end_at       | TIMESTAMPTZ            | End of the period, UTC.
--   previous_settlement_id  | VARCHAR                | The settlement before; null when there is none, it is missing, or it cannot be told.
--   reserve_released        | DECIMAL(18,2) NOT NULL | `Previous Reserve Amount Balance` of this settlement, in `currency`.
--   previous_reserve_held   | DECIMAL(18,2)          | `Current Reserve Amount` of the settlement before (negative), in `currency`; null when it is not known.
--   reserve_difference      | DECIMAL(18,2)          | `reserve_released` plus `previous_reserve_held`, in `currency`: 0.00 when the reserve rolls forward; null when the settlement before is not known.
--   reserve_held            | DECIMAL(18,2) NOT NULL | `Current Reserve Amount` of this settlement (negative), in `currency`.
--   balance_carried         | DECIMAL(18,2) NOT NULL | `Payable to Amazon` of this settlement, in `currency`: the negative balance of an earlier one.
--   charged_to_seller       | DECIMAL(18,2) NOT NULL | `Successful charge` of this settlement, in `currency`: what Amazon took from the seller's card or bank.
--   balance_difference      | DECIMAL(18,2)          | `balance_carried` less the negative control total of the settlement before, in `currency`: 0.00 when the balance was carried whole; null when the settlement before is not known.
--   state                   | VARCHAR NOT NULL       | `rolled_forward`; `broken` (the reserve difference is not 0.00); `first` (nothing before it in its series); `previous_not_loaded` (the one before is quarantined, rejected or withdrawn); `previous_missing` (the one before was never listed, or overlaps); or `undetermined` (several could be the one before).

SELECT
  s.region,
  s.account,
  s.settlement_id,
  s.currency,
  s.settlement_start_at,
  s.settlement_end_at,
  CASE WHEN s.state NOT IN ('hole', 'overlap') THEN s.previous_settlement_id END AS previous_settlement_id,
  s.reserve_released,
  s.previous_reserve_held,
  s.reserve_difference,
  s.reserve_held,
  s.balance_carried,
  s.charged_to_seller,
  s.balance_difference,
  CASE
    WHEN s.state IN ('linked', 'carried_balance_differs') THEN 'rolled_forward'
    WHEN s.state = 'reserve_differs' THEN 'broken'
    WHEN s.state IN ('hole', 'overlap') THEN 'previous_missing'
    WHEN s.state = 'no_period' THEN 'first'
    ELSE s.state
  END AS state
FROM mart.settlement_chain AS s
WHERE s.is_loaded
  AND EXISTS (SELECT 1 FROM staging.changed_settlement AS c WHERE c.account = s.account)

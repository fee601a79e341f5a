-- mart.reserve_roll_forward
--
-- Does the reserve roll forward? What Amazon held back from one settlement it must release with the next, and a negative
-- balance must come back as carried. The settlement before is the one of the same account and currency that ends where
-- this one starts. Several can end there, for an account may have one settlement a marketplace: then the marketplace that
-- most lines name decides, then the amount; where neither decides, nothing is claimed.
--
-- Grain:   one row a settlement of an account
-- Key:     account, settlement_id
-- Inputs:  core.settlement, core.settlement_version, mart.settlement_by_category
-- Written: rebuilt
--
-- Columns:
--   region                  | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                 | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id           | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   currency                | VARCHAR NOT NULL       | Currency of every amount of this row, ISO 4217.
--   settlement_start_at     | TIMESTAMPTZ            | Start of the period, UTC.
--   settlement_end_at       | TIMESTAMPTZ            | End of the period, UTC.
--   previous_settlement_id  | VARCHAR                | The settlement before; null when there is none or it cannot be told.
--   reserve_released        | DECIMAL(18,2) NOT NULL | `Previous Reserve Amount Balance` of this settlement, in `currency`.
--   previous_reserve_held   | DECIMAL(18,2)          | `Current Reserve Amount` of the settlement before (negative), in `currency`; null when it is not known.
--   reserve_difference      | DECIMAL(18,2)          | `reserve_released` plus `previous_reserve_held`, in `currency`: 0.00 when the reserve rolls forward; null when the settlement before is not known.
--   reserve_held            | DECIMAL(18,2) NOT NULL | `Current Reserve Amount` of this settlement (negative), in `currency`.
--   balance_carried         | DECIMAL(18,2) NOT NULL | `Payable to Amazon` of this settlement, in `currency`: the negative balance of an earlier one.
--   charged_to_seller       | DECIMAL(18,2) NOT NULL | `Successful charge` of this settlement, in `currency`: what Amazon took from the seller's card or bank.
--   balance_difference      | DECIMAL(18,2)          | `balance_carried` less the negative control total of the settlement before, in `currency`: 0.00 when the balance was carried whole; null when the settlement before is not known.
--   state                   | VARCHAR NOT NULL       | `rolled_forward`; `broken` (the reserve difference is not 0.00); `first` (nothing before it in its currency and marketplace); `previous_quarantined` (the one before is quarantined); `previous_missing` (there are earlier ones in its currency and marketplace, and none ends where it starts: one is missing, or a second series begins); or `undetermined` (several could be the one before).

WITH

-- The amounts of each settlement that move money between settlements
moved AS (
  SELECT
    account,
    settlement_id,
    sum(CASE WHEN category = 'reserve_released' THEN amount ELSE 0 END) AS reserve_released,
    sum(CASE WHEN category = 'reserve_held' THEN amount ELSE 0 END) AS reserve_held,
    sum(CASE WHEN category = 'balance_carried' THEN amount ELSE 0 END) AS balance_carried,
    sum(CASE WHEN category = 'charge_to_seller' THEN amount ELSE 0 END) AS charged_to_seller
  FROM mart.settlement_by_category
  WHERE is_cash_flow
  GROUP BY
    account,
    settlement_id
),

-- Every settlement with them
settlement AS (
  SELECT
    s.region,
    s.account,
    s.settlement_id,
    s.currency,
    s.marketplace_name,
    s.settlement_start_at,
    s.settlement_end_at,
    s.control_total,
    CAST(coalesce(m.reserve_released, 0) AS DECIMAL(18, 2)) AS reserve_released,
    CAST(coalesce(m.reserve_held, 0) AS DECIMAL(18, 2)) AS reserve_held,
    CAST(coalesce(m.balance_carried, 0) AS DECIMAL(18, 2)) AS balance_carried,
    CAST(coalesce(m.charged_to_seller, 0) AS DECIMAL(18, 2)) AS charged_to_seller
  FROM core.settlement AS s
  LEFT JOIN moved AS m
    ON m.account = s.account
    AND m.settlement_id = s.settlement_id
),

-- The settlements that could be the one before, the likeliest first
candidate AS (
  SELECT
    s.account,
    s.settlement_id,
    p.settlement_id AS previous_settlement_id,
    p.reserve_held AS previous_reserve_held,
    p.control_total AS previous_control_total,
    CASE WHEN p.marketplace_name IS NOT DISTINCT FROM s.marketplace_name THEN 2 ELSE 0 END
      + CASE WHEN p.reserve_held + s.reserve_released = 0 THEN 1 ELSE 0 END AS likeness
  FROM settlement AS s
  INNER JOIN settlement AS p
    ON p.account = s.account
    AND p.currency = s.currency
    AND p.settlement_end_at = s.settlement_start_at
    AND p.settlement_id <> s.settlement_id
),

ranked AS (
  SELECT
    account,
    settlement_id,
    previous_settlement_id,
    previous_reserve_held,
    previous_control_total,
    rank() OVER (PARTITION BY account, settlement_id ORDER BY likeness DESC) AS place,
    count(*) OVER (PARTITION BY account, settlement_id, likeness) AS equals
  FROM candidate
),

-- The one before, where exactly one is the likeliest
previous AS (
  SELECT
    account,
    settlement_id,
    previous_settlement_id,
    previous_reserve_held,
    previous_control_total
  FROM ranked
  WHERE place = 1
    AND equals = 1
),

-- The instants at which quarantined settlements end
quarantined AS (
  SELECT DISTINCT
    account,
    currency,
    settlement_end_at
  FROM core.settlement_version
  WHERE status = 'quarantined'
    AND current_document_id IS NULL
),

-- Where each stream of settlements begins
stream AS (
  SELECT
    account,
    currency,
    marketplace_name,
    min(settlement_start_at) AS first_start_at
  FROM core.settlement
  GROUP BY
    account,
    currency,
    marketplace_name
)

SELECT
  s.region,
  s.account,
  s.settlement_id,
  s.currency,
  s.settlement_start_at,
  s.settlement_end_at,
  p.previous_settlement_id,
  s.reserve_released,
  p.previous_reserve_held,
  CAST(s.reserve_released + p.previous_reserve_held AS DECIMAL(18, 2)) AS reserve_difference,
  s.reserve_held,
  s.balance_carried,
  s.charged_to_seller,
  CASE
    WHEN p.previous_settlement_id IS NOT NULL
      THEN CAST(s.balance_carried - least(p.previous_control_total, 0) AS DECIMAL(18, 2))
  END AS balance_difference,
  CASE
    WHEN p.previous_settlement_id IS NOT NULL AND s.reserve_released + p.previous_reserve_held = 0 THEN 'rolled_forward'
    WHEN p.previous_settlement_id IS NOT NULL THEN 'broken'
    WHEN EXISTS (
      SELECT 1 FROM candidate AS c WHERE c.account = s.account AND c.settlement_id = s.settlement_id
    ) THEN 'undetermined'
    WHEN q.settlement_end_at IS NOT NULL THEN 'previous_quarantined'
    WHEN s.settlement_start_at IS NULL OR s.settlement_start_at = f.first_start_at THEN 'first'
    ELSE 'previous_missing'
  END AS state
FROM settlement AS s
LEFT JOIN previous AS p
  ON p.account = s.account
  AND p.settlement_id = s.settlement_id
LEFT JOIN quarantined AS q
  ON q.account = s.account
  AND q.currency = s.currency
  AND q.settlement_end_at = s.settlement_start_at
LEFT JOIN stream AS f
  ON f.account = s.account
  AND f.currency = s.currency
  AND f.marketplace_name IS NOT DISTINCT FROM s.marketplace_name

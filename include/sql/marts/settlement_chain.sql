-- mart.settlement_chain
--
-- Does one settlement follow the other? Within an account and currency each settlement has to start at the instant at
-- which the one before it ends, release the reserve that the one before held back, and take up its negative balance. An
-- account can have several such series in one currency, as for standard and for invoiced orders: they are told apart by
-- those instants alone. Where several settlements end at one instant, the marketplace that most lines name decides, then
-- the reserve; where neither decides, nothing is claimed.
--
-- A settlement that nothing precedes begins a series, unless an earlier one of its currency has no follower: if their
-- distance is a whole number of periods, or the marketplace is the same, or money was brought forward from somewhere,
-- then what lies between them is missing. Look for that statement in Seller Central, by the dates given here.
--
-- Settlements that are known and not loaded are links too, as far as their period could be read.
--
-- Grain:   one row a settlement of an account, loaded or not
-- Key:     account, settlement_id
-- Inputs:  staging.changed_settlement, core.settlement, core.settlement_version, mart.settlement_by_category
-- Written: replaced by account
--
-- Columns:
--   region                    | VARCHAR NOT NULL     | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                   | VARCHAR NOT NULL     | The selling-partner account, by our name for it.
--   settlement_id             | VARCHAR NOT NULL     | Amazon's id of the settlement.
--   currency                  | VARCHAR              | Currency of every amount of this row, ISO 4217; null only when a quarantined file does not say.
--   settlement_start_at       | TIMESTAMPTZ          | Start of the period, UTC.
--   settlement_end_at         | TIMESTAMPTZ          | End of the period, UTC.
--   is_loaded                 | BOOLEAN NOT NULL     | False for a settlement that is quarantined, rejected or withdrawn.
--   state                     | VARCHAR NOT NULL     | `linked`; `reserve_differs`; `carried_balance_differs`; `hole` (a statement is missing before it); `overlap` (it starts less than a day before the one before it ends); `previous_not_loaded` (the one before is quarantined, rejected or withdrawn); `first` (it begins a series); `undetermined` (several could be the one before); `no_period` (the file does not say when it starts); or `not_loaded`.
--   previous_settlement_id    | VARCHAR              | The settlement before; over a hole, the last one before the hole; null when there is none or it cannot be told.
--   reserve_released          | DECIMAL(18,2)        | `Previous Reserve Amount Balance` of this settlement, in `currency`; null when it is not loaded.
--   previous_reserve_held     | DECIMAL(18,2)        | `Current Reserve Amount` of the settlement that ends where this one starts (negative), in `currency`; null when it is not known.
--   reserve_difference        | DECIMAL(18,2)        | `reserve_released` plus `previous_reserve_held`, in `currency`: 0.00 when the reserve rolls forward; null when the one before is not known.
--   reserve_held              | DECIMAL(18,2)        | `Current Reserve Amount` of this settlement (negative), in `currency`; null when it is not loaded.
--   balance_carried           | DECIMAL(18,2)        | `Payable to Amazon` of this settlement, in `currency`: the negative balance of an earlier one; null when it is not loaded.
--   charged_to_seller         | DECIMAL(18,2)        | `Successful charge` of this settlement, in `currency`: what Amazon took from the seller's card or bank; null when it is not loaded.
--   balance_difference        | DECIMAL(18,2)        | `balance_carried` less the negative control total of the one before, in `currency`: 0.00 when the balance was carried whole; null when the one before is not known.
--   missing_start_at          | TIMESTAMPTZ          | Of a hole: where the missing statement starts, UTC; null otherwise, like the columns below.
--   missing_end_at            | TIMESTAMPTZ          | Of a hole: where the missing statement ends, UTC; several may lie between.
--   missing_reserve_released  | DECIMAL(18,2)        | Of a hole: the `Previous Reserve Amount Balance` that the first missing statement must have, in `currency`.
--   missing_reserve_held      | DECIMAL(18,2)        | Of a hole: the `Current Reserve Amount` that the last missing statement must have (0.00 or negative), in `currency`.
--   missing_control_total     | DECIMAL(18,2)        | Of a hole: the total of the last missing statement where this settlement takes it up, in `currency`; null when it is not known.

WITH

-- The amounts of each settlement that move money between settlements, of the accounts to build
moved AS (
  SELECT
    b.account,
    b.settlement_id,
    sum(CASE WHEN b.category = 'reserve_released' THEN b.amount ELSE 0 END) AS reserve_released,
    sum(CASE WHEN b.category = 'reserve_held' THEN b.amount ELSE 0 END) AS reserve_held,
    sum(CASE WHEN b.category = 'balance_carried' THEN b.amount ELSE 0 END) AS balance_carried,
    sum(CASE WHEN b.category = 'charge_to_seller' THEN b.amount ELSE 0 END) AS charged_to_seller
  FROM mart.settlement_by_category AS b
  WHERE b.is_cash_flow
    AND EXISTS (SELECT 1 FROM staging.changed_settlement AS c WHERE c.account = b.account)
  GROUP BY
    b.account,
    b.settlement_id
),

-- The settlements that are known and not loaded: 1 is the newest version
left_out AS (
  SELECT
    v.*,
    row_number() OVER (
      PARTITION BY v.account, v.settlement_id
      ORDER BY v.source, v.document_created_at DESC, v.document_id DESC
    ) AS place
  FROM core.settlement_version AS v
  WHERE v.current_document_id IS NULL
    AND EXISTS (SELECT 1 FROM staging.changed_settlement AS c WHERE c.account = v.account)
),

settlement AS (
  SELECT
    s.region,
    s.account,
    s.settlement_id,
    s.currency,
    FALSE AS is_any_currency,
    s.marketplace_name,
    s.settlement_start_at,
    s.settlement_end_at,
    TRUE AS is_loaded,
    s.control_total,
    CAST(coalesce(m.reserve_released, 0) AS DECIMAL(18, 2)) AS reserve_released,
    CAST(coalesce(m.reserve_held, 0) AS DECIMAL(18, 2)) AS reserve_held,
    CAST(coalesce(m.balance_carried, 0) AS DECIMAL(18, 2)) AS balance_carried,
    CAST(coalesce(m.charged_to_seller, 0) AS DECIMAL(18, 2)) AS charged_to_seller
  FROM core.settlement AS s
  LEFT JOIN moved AS m
    ON m.account = s.account
    AND m.settlement_id = s.settlement_id
  WHERE EXISTS (SELECT 1 FROM staging.changed_settlement AS c WHERE c.account = s.account)
  UNION ALL
  SELECT
    v.region,
    v.account,
    v.settlement_id,
    v.currency,
    v.currency IS NULL OR coalesce(v.reason_code = 'unknown_currency', FALSE) AS is_any_currency,
    CAST(NULL AS VARCHAR) AS marketplace_name,
    v.settlement_start_at,
    v.settlement_end_at,
    FALSE AS is_loaded,
    v.control_total,
    CAST(NULL AS DECIMAL(18, 2)) AS reserve_released,
    CAST(NULL AS DECIMAL(18, 2)) AS reserve_held,
    CAST(NULL AS DECIMAL(18, 2)) AS balance_carried,
    CAST(NULL AS DECIMAL(18, 2)) AS charged_to_seller
  FROM left_out AS v
  WHERE v.place = 1
),

-- Each settlement with those that end where it starts, and how alike they are
candidate AS (
  SELECT
    s.account,
    s.settlement_id,
    p.settlement_id AS previous_settlement_id,
    CASE WHEN p.marketplace_name IS NOT DISTINCT FROM s.marketplace_name THEN 2 ELSE 0 END
      + CASE WHEN p.reserve_held + s.reserve_released = 0 THEN 1 ELSE 0 END AS likeness
  FROM settlement AS s
  INNER JOIN settlement AS p
    ON p.account = s.account
    AND p.settlement_end_at = s.settlement_start_at
    AND p.settlement_id <> s.settlement_id
    AND (p.currency = s.currency OR p.is_any_currency OR s.is_any_currency)
),

ranked AS (
  SELECT
    account,
    settlement_id,
    previous_settlement_id,
    rank() OVER (PARTITION BY account, settlement_id ORDER BY likeness DESC) AS place,
    count(*) OVER (PARTITION BY account, settlement_id, likeness) AS equals,
    rank() OVER (PARTITION BY account, previous_settlement_id ORDER BY likeness DESC) AS place_of_previous
  FROM candidate
),

-- The one before, where exactly one is the likeliest, and no other settlement has a better claim to it
previous AS (
  SELECT
    account,
    settlement_id,
    previous_settlement_id
  FROM ranked
  WHERE place = 1
    AND equals = 1
    AND place_of_previous = 1
),

-- Settlements that nothing precedes, and settlements that nothing follows
head AS (
  SELECT s.*
  FROM settlement AS s
  WHERE NOT EXISTS (
    SELECT 1 FROM candidate AS c WHERE c.account = s.account AND c.settlement_id = s.settlement_id
  )
),

tail AS (
  SELECT s.*
  FROM settlement AS s
  WHERE NOT EXISTS (
    SELECT 1 FROM candidate AS c WHERE c.account = s.account AND c.previous_settlement_id = s.settlement_id
  )
),

-- Both sides of what may be a hole: a whole number of periods apart is the best sign
apart AS (
  SELECT
    h.account,
    h.settlement_id,
    t.settlement_id AS previous_settlement_id,
    date_diff('second', t.settlement_end_at, h.settlement_start_at) AS seconds,
    CASE
      WHEN h.settlement_end_at > h.settlement_start_at
        AND date_diff('second', t.settlement_end_at, h.settlement_start_at)
        % date_diff('second', h.settlement_start_at, h.settlement_end_at) = 0
        THEN 2
      ELSE 0
    END
      + CASE WHEN t.marketplace_name = h.marketplace_name THEN 1 ELSE 0 END AS likeness,
    coalesce(h.reserve_released <> 0 OR h.balance_carried <> 0, FALSE) AS is_brought_forward
  FROM head AS h
  INNER JOIN tail AS t
    ON t.account = h.account
    AND t.currency = h.currency
    AND t.settlement_end_at < h.settlement_start_at
),

apart_ranked AS (
  SELECT
    account,
    settlement_id,
    previous_settlement_id,
    row_number() OVER (
      PARTITION BY account, settlement_id ORDER BY likeness DESC, seconds, previous_settlement_id
    ) AS place,
    row_number() OVER (
      PARTITION BY account, previous_settlement_id ORDER BY likeness DESC, seconds, settlement_id
    ) AS place_of_previous
  FROM apart
  WHERE likeness > 0
    OR is_brought_forward
),

hole AS (
  SELECT
    account,
    settlement_id,
    previous_settlement_id
  FROM apart_ranked
  WHERE place = 1
    AND place_of_previous = 1
),

-- A clock or time zone that was read wrong makes a settlement start before the one before it ends
overlap AS (
  SELECT
    h.account,
    h.settlement_id,
    min(t.settlement_id) AS previous_settlement_id
  FROM head AS h
  INNER JOIN tail AS t
    ON t.account = h.account
    AND t.currency = h.currency
    AND t.settlement_start_at < h.settlement_start_at
    AND t.settlement_end_at > h.settlement_start_at
    AND t.settlement_end_at < h.settlement_end_at
    AND date_diff('second', h.settlement_start_at, t.settlement_end_at) < 86400
    AND date_diff('second', h.settlement_start_at, t.settlement_end_at) * 2
    < date_diff('second', t.settlement_start_at, t.settlement_end_at)
  GROUP BY
    h.account,
    h.settlement_id
)

SELECT
  s.region,
  s.account,
  s.settlement_id,
  s.currency,
  s.settlement_start_at,
  s.settlement_end_at,
  s.is_loaded,
  CASE
    WHEN NOT s.is_loaded THEN 'not_loaded'
    WHEN s.settlement_start_at IS NULL THEN 'no_period'
    WHEN NOT p.is_loaded THEN 'previous_not_loaded'
    WHEN s.reserve_released + p.reserve_held <> 0 THEN 'reserve_differs'
    WHEN p.settlement_id IS NOT NULL AND s.balance_carried <> least(p.control_total, 0) THEN 'carried_balance_differs'
    WHEN p.settlement_id IS NOT NULL THEN 'linked'
    WHEN EXISTS (
      SELECT 1 FROM candidate AS c WHERE c.account = s.account AND c.settlement_id = s.settlement_id
    ) THEN 'undetermined'
    WHEN o.settlement_id IS NOT NULL THEN 'overlap'
    WHEN h.settlement_id IS NOT NULL THEN 'hole'
    ELSE 'first'
  END AS state,
  coalesce(l.previous_settlement_id, o.previous_settlement_id, h.previous_settlement_id) AS previous_settlement_id,
  s.reserve_released,
  p.reserve_held AS previous_reserve_held,
  CAST(s.reserve_released + p.reserve_held AS DECIMAL(18, 2)) AS reserve_difference,
  s.reserve_held,
  s.balance_carried,
  s.charged_to_seller,
  CASE
    WHEN p.is_loaded THEN CAST(s.balance_carried - least(p.control_total, 0) AS DECIMAL(18, 2))
  END AS balance_difference,
  CASE WHEN o.settlement_id IS NULL THEN b.settlement_end_at END AS missing_start_at,
  CASE WHEN o.settlement_id IS NULL AND b.settlement_id IS NOT NULL THEN s.settlement_start_at END AS missing_end_at,
  CASE WHEN o.settlement_id IS NULL THEN CAST(-b.reserve_held AS DECIMAL(18, 2)) END AS missing_reserve_released,
  CASE
    WHEN o.settlement_id IS NULL AND b.settlement_id IS NOT NULL THEN CAST(-s.reserve_released AS DECIMAL(18, 2))
  END AS missing_reserve_held,
  CASE
    WHEN o.settlement_id IS NULL AND b.settlement_id IS NOT NULL AND s.balance_carried <> 0 THEN s.balance_carried
  END AS missing_control_total
FROM settlement AS s
LEFT JOIN previous AS l
  ON l.account = s.account
  AND l.settlement_id = s.settlement_id
LEFT JOIN settlement AS p
  ON p.account = l.account
  AND p.settlement_id = l.previous_settlement_id
LEFT JOIN overlap AS o
  ON o.account = s.account
  AND o.settlement_id = s.settlement_id
LEFT JOIN hole AS h
  ON h.account = s.account
  AND h.settlement_id = s.settlement_id
LEFT JOIN settlement AS b
  ON b.account = h.account
  AND b.settlement_id = h.previous_settlement_id

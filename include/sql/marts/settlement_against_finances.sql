-- mart.settlement_against_finances
--
-- Settlements against a second source: the control total of the settlement report beside what Amazon's Finances API says
-- of the same settlement, by its event group, its summary, its transactions and its payout. All must be the same to the
-- cent.
--
-- The API is late with some transactions, and leaves out totals of some groups: what it does not report is unknown, not
-- wrong. Transactions are compared only where the API was asked for the whole period of the settlement.
--
-- Grain:   one row a loaded settlement of an account
-- Key:     account, settlement_id
-- Inputs:  core.settlement, core.event_group, core.settlement_summary, core.payout, core.coverage, mart.transaction_by_settlement
-- Written: rebuilt
--
-- Columns:
--   region                  | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account                 | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id           | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   currency                | VARCHAR NOT NULL       | Currency of all amounts of this row, ISO 4217.
--   settlement_end_at       | TIMESTAMPTZ            | End of the period, UTC.
--   control_total           | DECIMAL(18,2) NOT NULL | Amazon's `total-amount` in the settlement report, in `currency`.
--   event_group_id          | VARCHAR                | The event group of the settlement; null when no transaction names it.
--   group_total             | DECIMAL(18,2)          | Total of the event group, in `currency`; null when it is not told.
--   group_difference        | DECIMAL(18,2)          | `group_total` less `control_total`, in `currency`; null when it is not told.
--   net_proceeds            | DECIMAL(18,2)          | Net proceeds of the summary, in `currency`; null when it is not told.
--   summary_difference      | DECIMAL(18,2)          | `net_proceeds` less `control_total`, in `currency`; null when it is not told.
--   transactions            | BIGINT NOT NULL        | Transactions that name the settlement.
--   transaction_total       | DECIMAL(38,2)          | Their sum, in `currency`; null when there are none.
--   transactions_covered    | BOOLEAN NOT NULL       | True if the API was asked for transactions of the whole period.
--   transaction_difference  | DECIMAL(38,2)          | `transaction_total` less `control_total`, in `currency`; null when there are none, or the period is not covered.
--   paid                    | DECIMAL(38,2)          | What payouts of the settlement came to, in `currency`, failed and cancelled ones left out; null when there are none.
--   payout_difference       | DECIMAL(38,2)          | `paid` less `control_total`, in `currency`; null when there are none.
--   state                   | VARCHAR NOT NULL       | `agrees` (all that is reported is the same); `differs`; `not_covered` (nothing differs, and the API was not asked for the whole period); or `not_told` (the API has nothing of it).
--   differences             | VARCHAR                | Which sources differ, by how much; null when none does.

WITH

payout AS (
  SELECT
    account,
    settlement_id,
    currency,
    sum(amount) AS paid
  FROM core.payout
  WHERE upper(status) NOT IN ('FAILED', 'CANCELLED', 'NO_PAYOUT')
    AND settlement_id IS NOT NULL
  GROUP BY
    account,
    settlement_id,
    currency
),

-- Settlements whose whole period the API was asked for
covered AS (
  SELECT DISTINCT
    s.account,
    s.settlement_id
  FROM core.settlement AS s
  INNER JOIN core.coverage AS transactions_coverage
    ON transactions_coverage.account = s.account
    AND transactions_coverage.source = 'transactions'
    AND transactions_coverage.covered_from <= s.settlement_start_at
    AND transactions_coverage.covered_until >= s.settlement_end_at
),

compared AS (
  SELECT
    s.region,
    s.account,
    s.settlement_id,
    s.currency,
    s.settlement_end_at,
    s.control_total,
    t.event_group_id,
    g.original_total AS group_total,
    g.original_total - s.control_total AS group_difference,
    m.net_proceeds,
    m.net_proceeds - s.control_total AS summary_difference,
    coalesce(t.transactions, 0) AS transactions,
    t.total_amount AS transaction_total,
    c.settlement_id IS NOT NULL AS transactions_covered,
    CASE WHEN c.settlement_id IS NOT NULL THEN t.total_amount - s.control_total END AS transaction_difference,
    p.paid,
    p.paid - s.control_total AS payout_difference
  FROM core.settlement AS s
  LEFT JOIN mart.transaction_by_settlement AS t
    ON t.account = s.account
    AND t.settlement_id = s.settlement_id
    AND t.currency = s.currency
  LEFT JOIN covered AS c
    ON c.account = s.account
    AND c.settlement_id = s.settlement_id
  LEFT JOIN core.event_group AS g
    ON g.account = t.account
    AND g.event_group_id = t.event_group_id
    AND g.currency = s.currency
  LEFT JOIN core.settlement_summary AS m
    ON m.account = s.account
    AND m.settlement_id = s.settlement_id
    AND m.currency = s.currency
  LEFT JOIN payout AS p
    ON p.account = s.account
    AND p.settlement_id = s.settlement_id
    AND p.currency = s.currency
)

SELECT
  region,
  account,
  settlement_id,
  currency,
  settlement_end_at,
  control_total,
  event_group_id,
  group_total,
  CAST(group_difference AS DECIMAL(18, 2)) AS group_difference,
  net_proceeds,
  CAST(summary_difference AS DECIMAL(18, 2)) AS summary_difference,
  transactions,
  transaction_total,
  transactions_covered,
  CAST(transaction_difference AS DECIMAL(38, 2)) AS transaction_difference,
  CAST(paid AS DECIMAL(38, 2)) AS paid,
  CAST(payout_difference AS DECIMAL(38, 2)) AS payout_difference,
  CASE
    WHEN group_difference <> 0 OR summary_difference <> 0 OR transaction_difference <> 0 OR payout_difference <> 0
      THEN 'differs'
    WHEN NOT transactions_covered THEN 'not_covered'
    WHEN group_total IS NULL AND net_proceeds IS NULL AND transaction_total IS NULL AND paid IS NULL THEN 'not_told'
    ELSE 'agrees'
  END AS state,
  nullif(
    concat_ws(
      ', ',
      CASE WHEN group_difference <> 0 THEN 'event group ' || CAST(group_difference AS VARCHAR) END,
      CASE WHEN summary_difference <> 0 THEN 'summary ' || CAST(summary_difference AS VARCHAR) END,
      CASE WHEN transaction_difference <> 0 THEN 'transactions ' || CAST(transaction_difference AS VARCHAR) END,
      CASE WHEN payout_difference <> 0 THEN 'payout ' || CAST(payout_difference AS VARCHAR) END
    ),
    ''
  ) AS differences
FROM compared

-- mart.settlement_series
--
-- The series of settlements of each account and currency, as mart.settlement_chain links them, each with its last
-- settlement and its habits: how long its periods are, how long after the end Amazon lists the report, and how long after
-- the end the deposit is made. From the habits follows by when the next one has to be there. The last five settlements
-- count, the longest of them decides, and a day is given on top.
--
-- Grain:   one row a series
-- Key:     account, series_id
-- Inputs:  staging.changed_settlement, core.settlement, core.settlement_version, mart.settlement_chain
-- Written: replaced by account
--
-- Columns:
--   region                | VARCHAR NOT NULL | Selling Partner API region: `NA`, `EU` or `FE`.
--   account               | VARCHAR NOT NULL | The selling-partner account, by our name for it.
--   series_id             | VARCHAR NOT NULL | Id of the first settlement of the series that is known.
--   currency              | VARCHAR          | Currency of the series, ISO 4217; null only when a quarantined file does not say.
--   settlements           | BIGINT NOT NULL  | Settlements in the series.
--   last_settlement_id    | VARCHAR NOT NULL | The last settlement.
--   last_end_at           | TIMESTAMPTZ      | End of its period, UTC.
--   last_control_total    | DECIMAL(18,2)    | Its total, in `currency`; null when it is not loaded.
--   last_deposit_at       | TIMESTAMPTZ      | When Amazon says that its deposit is made, UTC.
--   period_seconds        | BIGINT           | Usual length of a period.
--   listing_seconds       | BIGINT           | Usual time from the end of a period until Amazon made the report; null when none came from the API.
--   deposit_seconds       | BIGINT           | Usual time from the end of a period until the deposit, by the five settlements before the last; null when they do not say.
--   next_expected_by      | TIMESTAMPTZ      | By when the next settlement has to be listed, UTC; null while the series has less than three settlements.
--   deposit_expected_by   | TIMESTAMPTZ      | By when the last settlement has to be deposited, UTC; null while less than three before it say when they were.

WITH RECURSIVE

-- Every settlement with the first one of its series
member AS (
  SELECT
    c.account,
    c.settlement_id,
    c.settlement_id AS series_id
  FROM mart.settlement_chain AS c
  WHERE c.previous_settlement_id IS NULL
    AND EXISTS (SELECT 1 FROM staging.changed_settlement AS s WHERE s.account = c.account)
  UNION ALL
  SELECT
    c.account,
    c.settlement_id,
    m.series_id
  FROM mart.settlement_chain AS c
  INNER JOIN member AS m
    ON m.account = c.account
    AND m.settlement_id = c.previous_settlement_id
),

-- When Amazon first made a report of each settlement
listed AS (
  SELECT
    account,
    settlement_id,
    min(document_created_at) AS listed_at
  FROM core.settlement_version
  WHERE source = 'api'
  GROUP BY
    account,
    settlement_id
),

-- 1 is the last settlement of a series
ranked AS (
  SELECT
    c.region,
    c.account,
    m.series_id,
    c.currency,
    c.settlement_id,
    c.settlement_end_at,
    s.control_total,
    s.deposit_at,
    date_diff('second', c.settlement_start_at, c.settlement_end_at) AS period_seconds,
    date_diff('second', c.settlement_end_at, l.listed_at) AS listing_seconds,
    date_diff('second', c.settlement_end_at, s.deposit_at) AS deposit_seconds,
    row_number() OVER (
      PARTITION BY m.account, m.series_id
      ORDER BY c.settlement_end_at DESC NULLS LAST, c.settlement_id DESC
    ) AS place
  FROM member AS m
  INNER JOIN mart.settlement_chain AS c
    ON c.account = m.account
    AND c.settlement_id = m.settlement_id
  LEFT JOIN core.settlement AS s
    ON s.account = m.account
    AND s.settlement_id = m.settlement_id
  LEFT JOIN listed AS l
    ON l.account = m.account
    AND l.settlement_id = m.settlement_id
),

habit AS (
  SELECT
    account,
    series_id,
    count(*) AS settlements,
    max(CASE WHEN place <= 5 THEN period_seconds END) AS period_seconds,
    max(CASE WHEN place <= 5 THEN listing_seconds END) AS listing_seconds,
    max(CASE WHEN place BETWEEN 2 AND 6 THEN deposit_seconds END) AS deposit_seconds,
    count(CASE WHEN place BETWEEN 2 AND 6 THEN deposit_seconds END) AS deposits
  FROM ranked
  GROUP BY
    account,
    series_id
)

SELECT
  r.region,
  r.account,
  r.series_id,
  r.currency,
  h.settlements,
  r.settlement_id AS last_settlement_id,
  r.settlement_end_at AS last_end_at,
  r.control_total AS last_control_total,
  r.deposit_at AS last_deposit_at,
  h.period_seconds,
  h.listing_seconds,
  h.deposit_seconds,
  CASE
    WHEN h.settlements >= 3
      THEN r.settlement_end_at + (h.period_seconds + coalesce(h.listing_seconds, 86400) + 86400) * INTERVAL '1' SECOND
  END AS next_expected_by,
  CASE
    WHEN h.deposits >= 3 THEN r.settlement_end_at + (h.deposit_seconds + 86400) * INTERVAL '1' SECOND
  END AS deposit_expected_by
FROM ranked AS r
INNER JOIN habit AS h
  ON h.account = r.account
  AND h.series_id = r.series_id
WHERE r.place = 1

-- core.settlement
--
-- The current version of every settlement: what Amazon says of it, and what its lines add up to.
--
-- Grain:   one row a settlement of an account
-- Key:     account, settlement_id
-- Inputs:  staging.changed_settlement, core.settlement_version, core.settlement_line
-- Written: by the load; replaced together with the settlement's lines
--
-- Columns:
--   region               | VARCHAR NOT NULL       | Selling Partner API region: `NA`, `EU` or `FE`.
--   account              | VARCHAR NOT NULL       | The selling-partner account, by our name for it.
--   settlement_id        | VARCHAR NOT NULL       | Amazon's id of the settlement.
--   currency             | VARCHAR NOT NULL       | Currency of the settlement, ISO 4217.
--   marketplace_name     | VARCHAR                | The marketplace that most of its lines name, sales outside Amazon aside; null when none does. A settlement may hold lines of several.
--   settlement_start_at  | TIMESTAMPTZ            | Start of the period, UTC.
--   settlement_end_at    | TIMESTAMPTZ            | End of the period, UTC.
--   deposit_at           | TIMESTAMPTZ            | When Amazon says that the deposit is made, UTC.
--   control_total        | DECIMAL(18,2) NOT NULL | Amazon's `total-amount`, in `currency`.
--   sum_of_lines         | DECIMAL(18,2) NOT NULL | What the lines in core.settlement_line add up to, in `currency`.
--   lines                | BIGINT NOT NULL        | Rows in core.settlement_line.
--   document_id          | VARCHAR NOT NULL       | The document that it was loaded from.
--   source               | VARCHAR NOT NULL       | `api` or `import`.
--   raw_sha256           | VARCHAR NOT NULL       | Sha256 of that document's bytes, in hex.
--   reader_version       | INTEGER NOT NULL       | Version of the reader that read it.

WITH

-- The current versions of the settlements of this load
version AS (
  SELECT
    v.region,
    v.account,
    v.settlement_id,
    v.currency,
    v.settlement_start_at,
    v.settlement_end_at,
    v.deposit_at,
    v.control_total,
    v.document_id,
    v.source,
    v.raw_sha256,
    v.reader_version
  FROM staging.changed_settlement AS c
  INNER JOIN core.settlement_version AS v
    ON v.account = c.account
    AND v.settlement_id = c.settlement_id
    AND v.status = 'current'
),

-- Their lines, by marketplace
by_marketplace AS (
  SELECT
    l.account,
    l.settlement_id,
    l.marketplace_name,
    count(*) AS lines,
    sum(l.amount) AS amount
  FROM core.settlement_line AS l
  INNER JOIN version AS v
    ON v.account = l.account
    AND v.settlement_id = l.settlement_id
  GROUP BY
    l.account,
    l.settlement_id,
    l.marketplace_name
),

-- All their lines
total AS (
  SELECT
    account,
    settlement_id,
    sum(lines) AS lines,
    sum(amount) AS amount
  FROM by_marketplace
  GROUP BY
    account,
    settlement_id
),

-- The marketplace that most lines name
ranked AS (
  SELECT
    account,
    settlement_id,
    marketplace_name,
    row_number() OVER (PARTITION BY account, settlement_id ORDER BY lines DESC, marketplace_name) AS place
  FROM by_marketplace
  WHERE marketplace_name IS NOT NULL
    AND lower(marketplace_name) NOT LIKE 'non-amazon%'
)

SELECT
  v.region,
  v.account,
  v.settlement_id,
  v.currency,
  r.marketplace_name,
  v.settlement_start_at,
  v.settlement_end_at,
  v.deposit_at,
  v.control_total,
  CAST(coalesce(t.amount, 0) AS DECIMAL(18, 2)) AS sum_of_lines,
  CAST(coalesce(t.lines, 0) AS BIGINT) AS lines,
  v.document_id,
  v.source,
  v.raw_sha256,
  v.reader_version
FROM version AS v
LEFT JOIN total AS t
  ON t.account = v.account
  AND t.settlement_id = v.settlement_id
LEFT JOIN ranked AS r
  ON r.account = v.account
  AND r.settlement_id = v.settlement_id
  AND r.place = 1
